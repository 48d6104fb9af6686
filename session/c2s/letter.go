package c2s

import (
	"slices"

	"rollcall/events"
	"rollcall/session"
)

// A letter is a stanza for a client, with what has to be known if the client
// never gets it: it then goes on to others, or waits (XEP-0198, 5).
type letter struct {
	stanza []byte
	// since is when the stanza was first sent, Unix nanoseconds. 0: now, or not
	// long ago; stamped: the stanza says so itself (XEP-0203).
	since int64
	// all are the sessions that were handed the stanza or a carbon of it, nil if
	// there is one. As long as one of them is there nobody else needs it.
	all []events.SessionID
}

const stamped = -1

// there reports that a session can still be handed something, as far as is known
// here: its connector's lease has not ended, and if we are that connector it is
// not just ending.
func (s *Server) there(t *session.Session) bool {
	if s.hub.client(t.ID) != nil {
		return true
	}
	self := s.self()
	if t.Connector.Name == self.Name && t.Connector.Epoch <= self.Epoch {
		return false
	}
	return !s.cfg.Table.IsLost(t.Connector)
}

// able reports that a session is there and can get what is sent to its bare JID:
// it is available, with a priority that is not negative. Of our own clients we
// know before the table does that they can't any more.
func (s *Server) able(t *session.Session) bool {
	if cl := s.hub.client(t.ID); cl != nil && !cl.able.Load() {
		return false
	}
	return t.Priority >= 0 && s.there(t)
}

// routes are the sessions that a message to the bare JID goes to (RFC 6121,
// 8.5.2.1.1). The slice must not be changed.
func (s *Server) routes(account events.JID) []*session.Session {
	list := s.cfg.Table.Routes(account)
	for _, t := range list {
		if !s.able(t) {
			return (&session.Account{Sessions: s.nonNegative(account)}).Best()
		}
	}
	return list
}

// nonNegative are all who can get what is sent to the bare JID, best first.
func (s *Server) nonNegative(account events.JID) []*session.Session {
	list := s.reachable(account)
	return slices.DeleteFunc(list, func(t *session.Session) bool { return !s.able(t) })
}

// reachable lists an account's available resources, best first, that are there.
func (s *Server) reachable(account events.JID) []*session.Session {
	var list []*session.Session
	for _, t := range s.cfg.Table.Account(account).Available() {
		if s.there(t) {
			list = append(list, t)
		}
	}
	return list
}

// elsewhere reports that somebody of all, other than those who failed to get it,
// has the stanza.
func (s *Server) elsewhere(account events.JID, all, failed []events.SessionID) bool {
	if len(all) == 0 {
		return false
	}
	a := s.cfg.Table.Account(account)
	for _, id := range all {
		if slices.Contains(failed, id) {
			continue
		}
		if t := a.Session(id); t != nil && s.there(t) {
			return true
		}
	}
	return false
}
