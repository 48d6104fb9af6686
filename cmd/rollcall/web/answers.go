package web

import "time"

// What the API answers with, as far as several pages show it. docs: /v1/openapi.json.

// A session is one of the table.
type session struct {
	ID, JID, Resource                     string
	Connector, Address, Role              string
	Epoch                                 uint64
	Priority                              int
	Available, Interested, Detached, Lost bool
	Since                                 time.Time
}

// A connector is one of those that hold sessions.
type connector struct {
	Name, State                   string
	Epoch                         uint64
	Sessions, Available, Detached int
	C2S                           string
	C2STLS                        string `json:"c2s_tls"`
	WS                            string
	WSTLS                         string `json:"ws_tls"`
	Since                         stamp
	Domains                       []string
	Drain                         *drain // nil: it takes clients
}

// A stamp is a time of the API's, which is "" where there is none.
type stamp struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (s *stamp) UnmarshalJSON(data []byte) error {
	if string(data) == `""` {
		return nil
	}
	return s.Time.UnmarshalJSON(data)
}

// Mark is the class of the state's mark.
func (c *connector) Mark() string {
	switch c.Condition() {
	case "alive":
		return "good"
	case "draining", "drained":
		return "wait"
	}
	return "bad"
}

// Listens are the addresses that clients connect to, each with what is spoken there.
func (c *connector) Listens() (list []string) {
	for _, at := range [...]link{{"XMPP", c.C2S}, {"XMPP over TLS", c.C2STLS}, {"WebSocket", c.WS}, {"WebSocket over TLS", c.WSTLS}} {
		if at.To != "" {
			list = append(list, at.To+" ("+at.Text+")")
		}
	}
	return list
}
