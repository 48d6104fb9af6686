package c2s_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

const (
	domain   = "localhost"
	password = "pw"
)

// A world is everything that connectors share, and the connectors. A test that
// makes one inside of a synctest bubble sees it settle by synctest.Wait.
type world struct {
	t       testing.TB
	log     *bustest.Log
	people  accounts
	rosters *documents
	blocked *documents
	private *documents
	waiting waiting
	pre     recorder
	post    post
	lag     atomic.Pointer[func()] // waits as long as a step of the world's takes; nil: not
	nodes   []*node
	tune    func(*c2s.Config)
	rooms   sync.WaitGroup // every goroutine that the world started
}

// A node is one connector's process.
type node struct {
	*world
	name     string
	table    *projector.Table
	server   *c2s.Server
	service  *session.Service
	listener *pipes
	inbox    chan arrival
	receives atomic.Bool
	stuck    atomic.Pointer[chan struct{}] // if not nil, its table gets nothing until this is closed
	unsaid   atomic.Pointer[chan struct{}] // if not nil, it is not told that something is stored until this is closed
	ctx      context.Context
	cancel   context.CancelFunc
	epoch    uint64
	fence    chan struct{} // closed when the lease is lost
}

// newWorld starts n connectors. tune may change the configuration of each.
func newWorld(t testing.TB, n int, tune func(*c2s.Config)) *world {
	w := &world{t: t, log: bustest.NewLog(), rosters: newDocuments(), blocked: newDocuments(), private: newDocuments(), tune: tune}
	w.waiting.pause, w.waiting.most = w.pause, 3
	w.rosters.pause = w.pause
	for i := range n {
		w.nodes = append(w.nodes, w.start(fmt.Sprintf("c%d", i+1)))
	}
	return w
}

// users makes accounts, all with the same password.
func (w *world) users(names ...string) {
	for _, name := range names {
		w.people.put(bare(name), credentials())
	}
}

// credentials are made once: they cost milliseconds.
var credentials = sync.OnceValue(func() *auth.Credentials {
	c, err := auth.NewCredentials(password, time.Unix(1, 0))
	if err != nil {
		panic(err)
	}
	return c
})

func bare(user string) events.JID { return events.StoredJID(user + "@" + domain) }

func (w *world) start(name string) *node {
	n := &node{
		world: w, name: name, table: projector.NewTable(), inbox: make(chan arrival, 10_000), listener: newPipes(),
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	cfg := c2s.Config{
		Config:   stream.Config{Domains: []string{domain}, AllowPlaintext: true},
		Accounts: &w.people, Secret: []byte("0123456789abcdef"), Rosters: w.rosters, Blocked: w.blocked, Private: w.private, Offline: &w.waiting,
		Table: n.table, Courier: n, Pre: &w.pre,
	}
	if w.tune != nil {
		w.tune(&cfg)
	}
	var err error
	if n.server, err = c2s.New(cfg); err != nil {
		w.t.Fatal(err)
	}
	p, err := projector.New(projector.Config{Log: lateLog{w.log, n.pauseTable}, Table: n.table, Observe: n.server.Observe})
	if err != nil {
		w.t.Fatal(err)
	}
	w.rooms.Go(func() { p.Run(n.ctx) })
	<-p.CaughtUp()
	w.rooms.Go(n.unpack)
	w.rooms.Go(func() { n.server.FollowRosters(n.ctx) })
	w.rooms.Go(func() { n.server.FollowBlocked(n.ctx) })
	w.rooms.Go(func() { n.server.FollowPublished(n.ctx) })
	w.rooms.Go(func() { n.server.Serve(n.ctx, n.listener) })
	n.begin()
	return n
}

// begin gives the node a new lease.
func (n *node) begin() {
	n.epoch++
	n.fence = make(chan struct{})
	svc, err := session.NewService(session.Config{
		Log: slowAcks{n.log, n.pauseAcks}, Accounts: n.table, Fenced: n.fence,
		Connector: events.Incarnation{Name: n.name, Epoch: n.epoch},
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.service = svc
	n.receives.Store(true)
	n.rooms.Go(func() { svc.Run(n.ctx) })
	n.server.Begin(svc)
}

// pause waits as long as a step takes.
func (w *world) pause() {
	if lag := w.lag.Load(); lag != nil && *lag != nil {
		(*lag)()
	}
}

// pauseTable waits before the node's table gets a record.
func (n *node) pauseTable() {
	n.pause()
	if stuck := n.stuck.Load(); stuck != nil {
		<-*stuck
	}
}

// pauseAcks waits before the node is told that a record is stored.
func (n *node) pauseAcks() {
	if unsaid := n.unsaid.Load(); unsaid != nil {
		<-*unsaid
	}
}

// suspend takes the node's lease away.
func (n *node) suspend() {
	n.receives.Store(false)
	n.table.Lost(n.incarnation())
	n.server.Suspend()
}

// incarnation is the one that the node is at the moment.
func (n *node) incarnation() events.Incarnation { return n.service.Connector() }

// kill makes the process disappear: it writes nothing more and its clients'
// connections are cut.
func (n *node) kill() {
	n.receives.Store(false)
	close(n.fence)
	n.cancel()
	n.listener.cutAll()
}

// stop ends the node in an orderly way.
func (n *node) stop(ctx context.Context) error {
	err := n.server.Shutdown(ctx)
	n.receives.Store(false)
	n.cancel()
	return err
}

// bury lets the other nodes learn that the incarnation's lease has ended, and
// one of them write the ends of its sessions.
func (w *world) bury(lost events.Incarnation) {
	for _, o := range w.nodes {
		if o.ctx.Err() != nil {
			continue
		}
		o.table.Lost(lost)
		if _, err := o.service.Reap(o.ctx, o.table, lost); err != nil {
			w.t.Error(err)
		}
		o.server.Reroute(lost)
	}
}

// close stops what is left of the world.
func (w *world) close() {
	for _, n := range w.nodes {
		if n.ctx.Err() == nil {
			if err := n.server.Shutdown(context.Background()); err != nil {
				w.t.Error(err)
			}
		}
	}
	w.linger()
	for _, n := range w.nodes {
		n.cancel()
	}
	w.rooms.Wait()
}

// watch makes both rosters say that watcher gets contact's presence.
func (w *world) watch(watcher, contact string) {
	from, to := bare(watcher), bare(contact)
	w.edit(from, func(r *roster.Roster) (roster.Change, error) { return r.Outbound(to, roster.Subscribe) })
	w.edit(to, func(r *roster.Roster) (roster.Change, error) {
		return r.Inbound(from, roster.Subscribe, roster.Every, []byte("<presence type='subscribe'/>"))
	})
	w.edit(to, func(r *roster.Roster) (roster.Change, error) { return r.Outbound(from, roster.Subscribed) })
	w.edit(from, func(r *roster.Roster) (roster.Change, error) {
		return r.Inbound(to, roster.Subscribed, roster.Every, nil)
	})
}

func (w *world) edit(account events.JID, change func(*roster.Roster) (roster.Change, error)) {
	r := w.roster(account)
	c, err := change(r)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.rosters.Put(context.Background(), account, c.Roster.Encode(), r.Version()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) roster(account events.JID) *roster.Roster {
	doc, err := w.rosters.Get(context.Background(), account)
	if err != nil {
		return nil
	}
	r, err := roster.Decode(doc.Revision, doc.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// pipes is a listener on net.Pipe.
type pipes struct {
	mu     sync.Mutex
	made   []net.Conn
	accept chan net.Conn
	done   chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{accept: make(chan net.Conn), done: make(chan struct{})} }

// dial returns the client's end, and nil once the listener is closed. The client
// gets an address of its own if it has none.
func (p *pipes) dial(address net.Addr) (net.Conn, net.Addr) {
	mine, theirs := net.Pipe()
	p.mu.Lock()
	p.made = append(p.made, mine)
	if address == nil {
		address = &net.TCPAddr{IP: net.IPv4(10, 0, 0, byte(len(p.made))), Port: 50_000}
	}
	p.mu.Unlock()
	select {
	case p.accept <- from{theirs, address}:
		return mine, address
	case <-p.done:
		return nil, nil
	}
}

// from is a connection with the address of a client of its own.
type from struct {
	net.Conn
	addr net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.addr }

func (p *pipes) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.made {
		c.Close()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.IPAddr{IP: net.IPv6loopback} }

// withTLS makes a server offer TLS and, if required, insist on it.
func withTLS(cert tls.Certificate, required bool) func(*c2s.Config) {
	return func(c *c2s.Config) {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
		c.AllowPlaintext = !required
	}
}
