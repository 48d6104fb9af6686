package c2s

import (
	"maps"
	"slices"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A hub knows the sessions that this connector holds.
type hub struct {
	mu      sync.RWMutex
	held    map[events.SessionID]*conn   // authenticated connections
	clients map[events.SessionID]*client // bound sessions, detached ones too
}

// init makes the zero hub usable. It is not for two goroutines.
func (h *hub) init() {
	h.held = map[events.SessionID]*conn{}
	h.clients = map[events.SessionID]*client{}
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

// all lists the clients, detached ones too.
func (h *hub) all() []*client {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Collect(maps.Values(h.clients))
}

// size is how many clients there are, detached ones too.
func (h *hub) size() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.clients)
}

// addClient makes a client findable. The client is sent told before anything
// else, and once it has been, everybody finds it.
func (h *hub) addClient(cl *client, c *conn, told ...[]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clients[cl.session] = cl
	c.client.Store(cl)
	cl.resource.Add(func() { c.Send(told...) })
}

// moveConn makes a connection findable by the session that it has resumed.
func (h *hub) moveConn(c *conn, id events.SessionID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.held, c.session)
	c.session = id
	h.held[id] = c
}

// removeClient keeps a client from being found. It reports whether the client was
// there.
func (h *hub) removeClient(cl *client) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.clients[cl.session] != cl {
		return false
	}
	delete(h.clients, cl.session)
	cl.resource.Remove()
	return true
}
