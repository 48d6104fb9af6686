package session

import "github.com/rollcall-xmpp/rollcall/events"

// From a session to the one record that repeats it, and back. Both functions
// leave out nothing that anybody can see of a session.

// maxState bounds the parts of a session's state that can be long, in bytes, so
// that all of it fits one record: the rest is names, ids and numbers.
const maxState = events.MaxRecord - 16<<10

// fits reports that a session of this presence and these JIDs can be repeated.
func fits(presence string, directed []events.JID) bool {
	n := len(presence)
	for _, to := range directed {
		n += len(to.String()) + 3
	}
	return n <= maxState
}

// refreshed is the event that repeats the session.
func (s *Session) refreshed() events.Refreshed {
	e := events.Refreshed{
		Conn: s.Conn, Since: s.Since, Interested: s.Interested(), Carbons: s.Carbons(),
		Available: s.Available(), Priority: s.Priority, Presence: s.Presence, PresenceAt: s.PresenceAt,
		Managed: s.Managed(), Resumable: s.Resumable(), Detached: s.Detached(), Until: s.DetachedUntil(),
		Directed: s.Directed(), Address: s.Address(), Role: s.Role(),
	}
	if s.optional != nil {
		e.TokenHash, e.Max = s.optional.tokenHash, s.optional.max
	}
	return e
}

// restored is the draft of a session of which only an event that repeats it is left.
func restored(st *events.Stored, e events.Refreshed) draft {
	d := draft{Session{ID: st.Session, Conn: e.Conn, Since: e.Since}, st.JID.String(), e.Address}
	d.hold(st.Connector)
	if st.JID.IsBare() {
		d.setRole(e.Role)
		return d
	}
	d.state = bound
	d.set(interested, e.Interested)
	d.set(carbons, e.Carbons)
	d.set(managed, e.Managed)
	d.set(resumable, e.Resumable)
	d.set(detached, e.Detached)
	if e.Available {
		d.set(available, true)
		d.Priority, d.Presence, d.PresenceAt = e.Priority, e.Presence, e.PresenceAt
	}
	if e.Managed || e.Detached || len(e.Directed) > 0 {
		d.optional = &optional{tokenHash: e.TokenHash, max: e.Max, until: e.Until, directed: e.Directed}
	}
	d.setRole(e.Role)
	return d
}

func (s *Session) set(state uint8, is bool) {
	if is {
		s.state |= state
	}
}
