package delivery

import (
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Sessions is a Local for a connector that has no index of its own. The zero value
// is empty. Its methods are for any goroutine.
type Sessions struct {
	mu   sync.RWMutex
	held map[events.SessionID]*Recipient // guarded
}

// Add makes a session findable.
func (s *Sessions) Add(r *Recipient) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[events.SessionID]*Recipient{}
	}
	s.held[r.session] = r
}

// Remove undoes Add. It reports false if the session was not there.
func (s *Sessions) Remove(r *Recipient) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[r.session] != r {
		return false
	}
	delete(s.held, r.session)
	return true
}

// Recipient implements Local.
func (s *Sessions) Recipient(id events.SessionID) *Recipient {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.held[id]
}

// Recipients implements Local. It looks at all sessions that are held.
func (s *Sessions) Recipients(account events.JID) (list []*Recipient) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, r := range s.held {
		if r.account == account {
			list = append(list, r)
		}
	}
	return list
}
