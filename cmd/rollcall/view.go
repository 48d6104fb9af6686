package main

import (
	"time"

	"rollcall/events"
	"rollcall/session"
)

// A sessionView is a session as people and scripts see it. Its JSON names are
// an interface: fields are added, never renamed.
type sessionView struct {
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
}

// viewOf is a session as it is shown; lost says that its connector's lease has
// ended, which the session itself doesn't know.
func viewOf(s *session.Session, lost bool) sessionView {
	presenceAt := ""
	if s.Available() {
		presenceAt = rfc3339(s.PresenceAt)
	}
	return sessionView{
		ID: s.ID.String(), JID: s.JID,
		Username: s.JID.Local(), Host: s.JID.Domain(), Resource: s.JID.Resource(),
		Type: "c2s", Priority: s.Priority, Available: s.Available(), Interested: s.Interested(),
		Detached: s.Detached(), Lost: lost,
		Connector: s.Connector.Name, Epoch: s.Connector.Epoch, Since: rfc3339(s.Since), PresenceAt: presenceAt,
	}
}

// state is the session's state in a word of session's vocabulary.
func (v *sessionView) state() string {
	switch {
	case v.Lost:
		return "lost"
	case v.Detached:
		return "detached"
	case v.Available:
		return "available"
	case v.Resource == "":
		return "unbound"
	}
	return "connected"
}

func (v *sessionView) since() time.Time {
	t, _ := time.Parse(time.RFC3339, v.Since) // only we write it
	return t
}
