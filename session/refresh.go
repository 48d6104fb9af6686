package session

import "rollcall/events"

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
		Directed: s.Directed(), Address: s.address,
	}
	if s.optional != nil {
		e.TokenHash, e.Max = s.optional.tokenHash, s.optional.max
	}
	return e
}

// restored is the session of which only an event that repeats it is left.
func restored(account events.JID, st *events.Stored, e events.Refreshed) Session {
	s := Session{ID: st.Session, JID: account, Connector: st.Connector, Conn: e.Conn, Since: e.Since, address: e.Address}
	if st.JID.IsBare() {
		return s
	}
	s.JID, s.state = st.JID, bound
	s.set(interested, e.Interested)
	s.set(carbons, e.Carbons)
	s.set(managed, e.Managed)
	s.set(resumable, e.Resumable)
	s.set(detached, e.Detached)
	if e.Available {
		s.set(available, true)
		s.Priority, s.Presence, s.PresenceAt = e.Priority, e.Presence, e.PresenceAt
	}
	if e.Managed || e.Detached || len(e.Directed) > 0 {
		s.optional = &optional{tokenHash: e.TokenHash, max: e.Max, until: e.Until, directed: e.Directed}
	}
	return s
}

func (s *Session) set(state uint8, is bool) {
	if is {
		s.state |= state
	}
}
