package c2s

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"sync"

	"rollcall/events"
	"rollcall/session/delivery"
	"rollcall/session/roster"
)

// A hub knows what this connector holds: its sessions, the accounts that have
// some here, and which of these accounts watch whom.
//
// Lock order: the server's tail, an account's mu, the hub's.
type hub struct {
	mu       sync.RWMutex
	held     map[events.SessionID]*conn   // authenticated connections
	clients  map[events.SessionID]*client // bound sessions, detached ones too
	accounts map[events.JID]*account
	contacts map[events.JID]*contact // that somebody here watches
	idle     idle
}

// An account is one that has, had lately, or is about to have bound sessions here.
type account struct {
	jid events.JID

	// Guarded by the hub's mu.
	users   int       // binds under way
	clients []*client // replaced, never changed
	watched map[events.JID]struct{}
	size    int           // of the roster, in bytes
	idle    *list.Element // nil while there are users or clients

	// Guarded by the server's tail.
	blocking  bool         // a change of the block list is not answered yet
	unapplied []*blockList // what is to be applied with it

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

// init makes the zero hub usable. It is not for two goroutines.
func (h *hub) init() {
	h.held = map[events.SessionID]*conn{}
	h.clients = map[events.SessionID]*client{}
	h.accounts = map[events.JID]*account{}
	h.contacts = map[events.JID]*contact{}
}

// addConn makes a connection findable by its session.
func (h *hub) addConn(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held[c.session] = c
}

// removeConn undoes addConn.
func (h *hub) removeConn(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held[c.session] == c {
		delete(h.held, c.session)
	}
}

// conn finds the connection of a session, or returns nil.
func (h *hub) conn(id events.SessionID) *conn {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.held[id]
}

// client finds a session that is bound here, or returns nil.
func (h *hub) client(id events.SessionID) *client {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.clients[id]
}

// detached lists the clients that wait for a connection.
func (h *hub) detached() (list []*client) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, cl := range h.clients {
		if cl.link.Load() == nil {
			list = append(list, cl)
		}
	}
	return list
}

// acquire returns the account with its roster loaded. Every acquire is followed
// by a release. The account can be found before it is loaded: a change of the roster
// that comes meanwhile is applied to what was read (settle), so that none is
// missed between the two.
func (h *hub) acquire(ctx context.Context, s *Server, jid events.JID) (*account, error) {
	h.mu.Lock()
	a := h.accounts[jid]
	if a == nil {
		a = newAccount(jid)
		h.accounts[jid] = a
	}
	a.users++
	h.idle.remove(a)
	h.mu.Unlock()
	err := a.load(ctx, s)
	if err == nil {
		err = s.blocks.wait(ctx)
	}
	if err != nil {
		h.release(a)
		return nil, err
	}
	return a, nil
}

// release ends an acquire.
func (h *hub) release(a *account) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a.users--
	h.rest(a)
}

// addClient makes a client findable. What it is told here is the first that it is
// sent, and once it has been told there is nobody who does not find it.
func (h *hub) addClient(cl *client, c *conn, told ...[]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	cl.home.clients = append(slices.Clip(cl.home.clients), cl) // others range over the old one
	h.clients[cl.session] = cl
	c.client.Store(cl)
	c.Send(told...)
}

// moveConn makes a connection findable by the session that it has resumed.
func (h *hub) moveConn(c *conn, id events.SessionID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.held, c.session)
	c.session = id
	h.held[id] = c
}

// removeClient takes a client out of all that finds it. It reports whether the client
// was there.
func (h *hub) removeClient(cl *client) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.clients[cl.session] != cl {
		return false
	}
	delete(h.clients, cl.session)
	a := cl.home
	a.clients = slices.DeleteFunc(slices.Clone(a.clients), func(o *client) bool { return o == cl })
	h.rest(a)
	return true
}

// rest lets go of an account that nobody needs any longer.
func (h *hub) rest(a *account) {
	if a.users > 0 || len(a.clients) > 0 {
		return
	}
	h.idle.add(a)
	h.trim()
}

// trim forgets accounts that have been idle the longest, down to the limits.
func (h *hub) trim() {
	for a := range h.idle.excess() {
		delete(h.accounts, a.jid)
		for contact := range a.watched {
			h.unwatch(a, contact)
		}
	}
}

func (h *hub) account(jid events.JID) *account {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.accounts[jid]
}

// clientsOf returns an account's clients here. The slice must not be changed.
func (h *hub) clientsOf(a *account) []*client {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return a.clients
}

// Recipient implements delivery.Local.
func (h *hub) Recipient(id events.SessionID) *delivery.Recipient {
	if cl := h.client(id); cl != nil {
		return cl.recipient
	}
	return nil
}

// Recipients implements delivery.Local.
func (h *hub) Recipients(account events.JID) (list []*delivery.Recipient) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if a := h.accounts[account]; a != nil {
		for _, cl := range a.clients {
			list = append(list, cl.recipient)
		}
	}
	return list
}
