package query

import (
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A Session is a session as people and scripts see it.
type Session struct {
	ID         string     `json:"id"`
	JID        events.JID `json:"jid"` // full once bound
	Username   string     `json:"username"`
	Host       string     `json:"host"`
	Resource   string     `json:"resource"`
	Type       string     `json:"type"` // c2s; there is none in the log before authentication
	Priority   int8       `json:"priority"`
	Available  bool       `json:"available"`
	Interested bool       `json:"interested"`
	Detached   bool       `json:"detached"`
	Lost       bool       `json:"lost"` // its connector's lease has ended
	Connector  string     `json:"connector"`
	Epoch      uint64     `json:"epoch"`
	Since      string     `json:"since"`       // RFC 3339, UTC
	PresenceAt string     `json:"presence_at"` // of its last presence; "" unless it is available
	Address    string     `json:"address"`     // the client's, of its newest connection; "" if unknown
	Role       string     `json:"role"`        // "" if unknown, as of a session from before there were roles
}

// Of is a session as it is shown; lost says that its connector's lease has
// ended, which the session itself doesn't know.
func Of(s *session.Session, lost bool) Session {
	v := Brief(s, lost)
	v.ID, v.Since = s.ID.String(), Timestamp(s.Since)
	if v.Available {
		v.PresenceAt = Timestamp(s.PresenceAt)
	}
	return v
}

// Brief is Of without ID, Since and PresenceAt, for whoever looks at very many
// sessions: it allocates nothing.
func Brief(s *session.Session, lost bool) Session {
	return Session{
		JID:      s.JID(),
		Username: s.JID().Local(), Host: s.JID().Domain(), Resource: s.JID().Resource(),
		Type: "c2s", Priority: s.Priority, Available: s.Available(), Interested: s.Interested(),
		Detached: s.Detached(), Lost: lost,
		Connector: s.Connector().Name, Epoch: s.Connector().Epoch, Address: s.Address(), Role: s.Role(),
	}
}

// Held is the incarnation that holds the session, or held it last.
func (s *Session) Held() events.Incarnation {
	return events.Incarnation{Name: s.Connector, Epoch: s.Epoch}
}

// State is the session's state in a word of package session's vocabulary, or
// lost.
func (s *Session) State() string { return stateOf(s.Lost, s.Detached, s.Available, s.Resource != "") }

// StateOf is [Session.State] of Of.
func StateOf(s *session.Session, lost bool) string {
	return stateOf(lost, s.Detached(), s.Available(), s.Bound())
}

func stateOf(lost, detached, available, bound bool) string {
	switch {
	case lost:
		return "lost"
	case detached:
		return "detached"
	case available:
		return "available"
	case !bound:
		return "unbound"
	}
	return "connected"
}

// States are all words of State.
func States() []string { return []string{"available", "connected", "unbound", "detached", "lost"} }

// Timestamp is a time as scripts read it: RFC 3339 in UTC, to the microsecond.
func Timestamp(unixNano int64) string {
	return time.Unix(0, unixNano).UTC().Format("2006-01-02T15:04:05.000000Z07:00")
}

// Time reads a Timestamp; the zero time if it is not one.
func Time(timestamp string) time.Time {
	t, err := time.Parse(time.RFC3339, timestamp)
	if err != nil {
		return time.Time{}
	}
	return t
}
