package presence

import (
	"container/list"
	"context"
	"fmt"
	"sync"

	"rollcall/events"
	"rollcall/session/roster"
)

// An index knows the accounts that have sessions here, and which of them watch whom.
type index struct {
	mu       sync.RWMutex
	accounts map[events.JID]*account
	contacts map[events.JID]*contact // that somebody here watches
	idle     idle
}

func newIndex() *index {
	return &index{accounts: map[events.JID]*account{}, contacts: map[events.JID]*contact{}}
}

// An account is one that has, had recently, or is about to have bound sessions here.
type account struct {
	jid events.JID

	// Guarded by the index's mu.
	users     int         // binds under way
	resources []*Resource // replaced, never changed
	watched   map[events.JID]struct{}
	size      int           // of the roster, in bytes
	idle      *list.Element // nil while there are users or resources

	// Guarded by the service's tail.
	blocking  bool         // a change of the block list is not answered yet
	unapplied []*blockList // those that are to be applied with it

	loading sync.Mutex // held while the roster is read the first time
	setting lock       // held by whoever changes the roster, over its I/O
	listing lock       // held by whoever changes the block list, over its I/O

	mu      sync.Mutex       // never held over I/O
	roster  *roster.Roster   // guarded; nil: empty
	loaded  bool             // guarded
	busy    bool             // guarded; somebody's result is to go out before the pushes
	pending []*roster.Roster // guarded; newer ones that came while busy or loading
}

func newAccount(jid events.JID) *account {
	return &account{jid: jid, setting: make(lock, 1), listing: make(lock, 1), watched: map[events.JID]struct{}{}}
}

// A lock is a mutex that is waited for no longer than a context says. It has
// room for the one token of whoever holds it.
type lock chan struct{}

func (l lock) take(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: earlier changes take too long", events.ErrUnavailable)
	}
}

func (l lock) release() { <-l }

// Hold loads what it takes to serve sessions of an account: its roster, and all
// block lists. It keeps the account until release is called, once, by when resources
// of it may keep it. The account can be found before it is loaded: a change of the roster
// that comes meanwhile is applied to what was read (settle), so that none is
// missed between the two.
func (s *Service) Hold(ctx context.Context, jid events.JID) (release func(), err error) {
	h := s.index
	h.mu.Lock()
	a := h.accounts[jid]
	if a == nil {
		a = newAccount(jid)
		h.accounts[jid] = a
	}
	a.users++
	h.idle.remove(a)
	h.mu.Unlock()
	err = a.load(ctx, s)
	if err == nil {
		err = s.blocks.wait(ctx)
	}
	if err != nil {
		h.release(a)
		return nil, err
	}
	return func() { h.release(a) }, nil
}

// release ends a Hold.
func (h *index) release(a *account) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a.users--
	h.rest(a)
}

// rest counts an account that nobody needs any longer among the idle ones.
func (h *index) rest(a *account) {
	if a.users > 0 || len(a.resources) > 0 {
		return
	}
	h.idle.add(a)
	h.trim()
}

// trim forgets accounts that have been idle the longest, down to the limits.
func (h *index) trim() {
	for a := range h.idle.excess() {
		delete(h.accounts, a.jid)
		for contact := range a.watched {
			h.unwatch(a, contact)
		}
	}
}

func (h *index) account(jid events.JID) *account {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.accounts[jid]
}

// resourcesOf returns those of an account here. The slice must not be changed.
func (h *index) resourcesOf(a *account) []*Resource {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return a.resources
}
