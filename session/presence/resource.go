package presence

import (
	"slices"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// A Resource is a session that is bound here, as one that is shown rosters, presence
// and block lists, and asks for them. Its methods are for the goroutine that handles
// the session's stanzas, or ends it.
type Resource struct {
	srv  *Service
	home *account
	id   events.SessionID
	jid  events.JID
	send func([]byte) bool

	// interested is guarded by home.mu: roster pushes go out.
	interested bool
	// seesBlocked is guarded by the service's tail: pushes of the block list go
	// out.
	seesBlocked bool
	// available is set by Observe alone, at the event's place in the log: presence of
	// others goes out.
	available atomic.Bool
}

// NewResource returns that of a session with its full JID, whose account is held
// ([Service.Hold]). send queues a stanza for its client, and keeps none; it does not
// wait, and what it returns does not matter here.
func NewResource(s *Service, id events.SessionID, full events.JID, send func([]byte) bool) *Resource {
	return &Resource{srv: s, home: s.index.account(full.Bare()), id: id, jid: full, send: send}
}

// Add makes the resource findable: it is shown things from now on. tell is called
// before that, to tell its client things first. A session is added before it stores
// its first presence: that event, when Observe comes to it, makes others' presence
// go out.
func (res *Resource) Add(tell func()) {
	x, a := res.srv.index, res.home
	x.mu.Lock()
	defer x.mu.Unlock()
	a.resources = append(slices.Clip(a.resources), res) // others range over the old one
	tell()
}

// Remove undoes Add.
func (res *Resource) Remove() {
	x, a := res.srv.index, res.home
	x.mu.Lock()
	defer x.mu.Unlock()
	a.resources = slices.DeleteFunc(slices.Clone(a.resources), func(o *Resource) bool { return o == res })
	x.rest(a)
}

// Watches reports that the account gets another's presence, or is the same: it may
// know what there is about it (XEP-0030, 8).
func (res *Resource) Watches(account events.JID) bool {
	return account == res.home.jid || res.home.current().Watches(account)
}

// Shows reports that a contact is shown each change of the session's presence
// anyway.
func (res *Resource) Shows(contact events.JID) bool {
	return res.home.current().WatchedBy(contact) && res.available.Load()
}

// Sessions lists those of an account that are here.
func (s *Service) Sessions(account events.JID) (ids []events.SessionID) {
	a := s.index.account(account)
	if a == nil {
		return nil
	}
	for _, res := range s.index.resourcesOf(a) {
		ids = append(ids, res.id)
	}
	return ids
}

// Known is an account's roster as it is known here, nil if it is not.
func (s *Service) Known(account events.JID) *roster.Roster {
	if a := s.index.account(account); a != nil {
		return a.current()
	}
	return nil
}

// Blocked returns a function that reports that an account blocks a sender, nil
// if it blocks nobody; see delivery.Policy. Nobody blocks themselves.
func (s *Service) Blocked(account events.JID) func(from events.JID) bool {
	return s.blocks.blocked(account)
}

// Between reports that the account of one of two sessions, or accounts, blocks the
// other.
func (s *Service) Between(x, y events.JID) bool { return s.blocks.between(x, y) }

// resource finds that of a session, or returns nil.
func (x *index) resource(ss *session.Session) *Resource {
	x.mu.RLock()
	defer x.mu.RUnlock()
	a := x.accounts[ss.JID().Bare()]
	if a == nil {
		return nil
	}
	i := slices.IndexFunc(a.resources, func(res *Resource) bool { return res.id == ss.ID })
	if i < 0 {
		return nil
	}
	return a.resources[i]
}
