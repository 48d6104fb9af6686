package presence

import (
	"container/list"
	"context"
	"fmt"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roster"
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

// Hold loads what it takes to serve sessions of an account, its roster and all block
// lists, and keeps the account until release is called, once. A resource that was
// added by then keeps it, too. An error is of ctx, or of the documents.
//
// The account can be found before it is loaded: a change of the roster that comes
// meanwhile is applied to the one that was read (applyPending), so that none is missed
// between the two.
func (s *Service) Hold(ctx context.Context, jid events.JID) (release func(), err error) {
	x := s.index
	x.mu.Lock()
	a := x.accounts[jid]
	if a == nil {
		a = newAccount(jid)
		x.accounts[jid] = a
	}
	a.users++
	x.idle.remove(a)
	x.mu.Unlock()
	err = a.load(ctx, s)
	if err == nil {
		err = s.blocks.wait(ctx)
	}
	if err != nil {
		x.release(a)
		return nil, err
	}
	return func() { x.release(a) }, nil
}

// release ends a Hold.
func (x *index) release(a *account) {
	x.mu.Lock()
	defer x.mu.Unlock()
	a.users--
	x.rest(a)
}

// rest counts an account that nobody needs any longer among the idle ones.
func (x *index) rest(a *account) {
	if a.users > 0 || len(a.resources) > 0 {
		return
	}
	x.idle.add(a)
	x.trim()
}

// trim forgets accounts that have been idle the longest, down to the limits.
func (x *index) trim() {
	for a := range x.idle.excess() {
		delete(x.accounts, a.jid)
		for contact := range a.watched {
			x.unwatch(a, contact)
		}
	}
}

// account finds one that is known here, or returns nil.
func (x *index) account(jid events.JID) *account {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.accounts[jid]
}

// resourcesOf returns those of an account here. The slice must not be changed.
func (x *index) resourcesOf(a *account) []*Resource {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return a.resources
}
