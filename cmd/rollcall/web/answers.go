package web

import "time"

// What the API answers with, as far as several pages show it. docs: /v1/openapi.json.

// A session is one of the table.
type session struct {
	ID, JID, Connector, Address, Role     string
	Epoch                                 uint64
	Priority                              int
	Available, Interested, Detached, Lost bool
	Since                                 time.Time
}

// State is how it stands, in a word.
func (s *session) State() string {
	switch {
	case s.Lost:
		return "lost"
	case s.Detached:
		return "waiting"
	case s.Available:
		return "online"
	}
	return "connected"
}

// Mark is the class of the state's mark.
func (s *session) Mark() string {
	return map[string]string{"lost": "bad", "waiting": "wait", "online": "good", "connected": "soft"}[s.State()]
}

// A connector is one of those that hold sessions.
type connector struct {
	Name, State                   string
	Epoch                         uint64
	Sessions, Available, Detached int
	Since                         time.Time
	Domains                       []string
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
