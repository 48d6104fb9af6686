package delivery_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A world is one log, told to each connector's table when the test says so, and the
// parcels on their way. Everything in it is the test's goroutine's unless it settles
// in a synctest bubble.
type world struct {
	t       *testing.T
	log     *bustest.Log
	offline *shelf
	nodes   map[string]*node
}

// A node is one connector without clients.
type node struct {
	*world
	self    events.Incarnation
	quiet   bool // its sessions take no notes
	table   *projector.Table
	router  *delivery.Router
	held    delivery.Sessions
	folded  events.Seq
	mu      sync.Mutex
	moved   *sync.Cond // of arrived
	parcels []parcelTo // guarded; sent from here, oldest first
	arrived int        // guarded; so many of them
}

type parcelTo struct {
	to      events.Incarnation
	payload []byte
	at      time.Time
}

func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		test(t, &world{t: t, log: bustest.NewLog(), offline: &shelf{most: 10}, nodes: map[string]*node{}})
	})
}

// connector starts one.
func (w *world) connector(name string) *node {
	n := &node{world: w, self: events.Incarnation{Name: name, Epoch: 1}, table: projector.NewTable()}
	n.moved = sync.NewCond(&n.mu)
	var err error
	n.router, err = delivery.New(delivery.Config{
		Domains: []string{"x"}, Table: n.table, Courier: n, Offline: w.offline, Local: &n.held,
		Policy: delivery.Policy{
			Exists: func(_ context.Context, account events.JID) (bool, error) { return account.Local() != "nobody", nil },
			Blocked: func(events.JID) func(events.JID) bool {
				return func(from events.JID) bool { return from.Local() == "mallory" }
			},
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	svc, err := session.NewService(session.Config{Log: w.log, Accounts: n.table, Connector: n.self})
	if err != nil {
		w.t.Fatal(err)
	}
	n.router.Begin(svc)
	w.nodes[name] = n
	return n
}

// A resource is a session as a connector without clients has it.
type resource struct {
	*delivery.Recipient
	sender delivery.Sender
	node   *node
	id     events.SessionID
	jid    events.JID
	gone   bool
	mu     sync.Mutex
	got    []string // guarded
}

// bind makes a session that is not available yet.
func (n *node) bind(full string) *resource {
	r := &resource{node: n, id: events.NewSessionID(time.Now()), jid: events.StoredJID(full)}
	r.event(events.Authenticated{})
	at := r.event(events.Bound{})
	r.sender = delivery.NewSender(n.router, r.jid, at)
	r.Recipient = delivery.NewRecipient(n.router, r.id, r.jid.Bare(), r.pass)
	n.held.Add(r.Recipient)
	return r
}

// available makes one that takes messages, or with a negative priority doesn't.
func (n *node) available(full string, priority int8) *resource {
	r := n.bind(full)
	show := func() error {
		r.sender.After = r.event(events.PresenceAvailable{Priority: priority, Stanza: "<presence/>"})
		return nil
	}
	if priority < 0 {
		show()
	} else {
		r.BecomeReceptive(show)
	}
	return r
}

// event writes one of the session into the log.
func (r *resource) event(e events.Event) events.Position {
	n := r.node
	jid := r.jid
	if e.Kind() == events.KindAuthenticated {
		jid = jid.Bare()
	}
	last, err := n.log.Last(n.t.Context(), jid.Bare())
	if err != nil && !errors.Is(err, events.ErrNotFound) {
		n.t.Fatal(err)
	}
	now := time.Now()
	at, err := n.log.Append(n.t.Context(), &events.Record{
		ID: events.NewEventID(now), Time: now.UnixNano(), Prev: last.Seq, Session: r.id, JID: jid, Connector: n.self, Event: e,
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.learn()
	return at
}

// learn tells the node's table all that is in the log.
func (n *node) learn() {
	for st, err := range n.log.Read(n.t.Context(), events.Range{After: n.folded}) {
		if err != nil {
			n.t.Fatal(err)
		}
		n.table.Fold(st)
		n.folded = st.Seq
	}
}

// everybody learns.
func (w *world) learn() {
	for _, n := range w.nodes {
		n.learn()
	}
}

func (r *resource) pass(o delivery.Outgoing) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.gone && !r.node.quiet {
		r.got = append(r.got, string(o.Stanza))
	}
	return !r.gone
}

// bodies are what the session has got since the last time, and how.
func (r *resource) bodies() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, s := range r.got {
		body := "error"
		if _, rest, ok := strings.Cut(s, "<body>"); ok {
			body, _, _ = strings.Cut(rest, "<")
		}
		switch {
		case strings.Contains(s, stanza.NSCarbons):
			body += " copied"
		case strings.Contains(s, "<delay"):
			body += " late"
		}
		list = append(list, body)
	}
	r.got = nil
	return strings.Join(list, ", ")
}

// says sends a message and returns the condition with which it is refused.
func (r *resource) says(typ, to, body string, more ...string) string {
	s := "<message type='" + typ + "'>"
	if body != "" {
		s += "<body>" + body + "</body>"
	}
	el, err := stanza.Parse([]byte(s+strings.Join(more, "")+"</message>"), stanza.NSClient, stanza.Limits{})
	if err != nil {
		r.node.t.Fatal(err)
	}
	err = r.sender.Send(el, events.StoredJID(to))
	var refused *stanza.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return string(refused.Condition)
	}
	r.node.t.Error(err)
	return ""
}

// directs sends a directed presence of which the log need not know.
func (r *resource) directs(t *testing.T, to, typ string) {
	t.Helper()
	el, err := stanza.Parse([]byte("<presence type='"+typ+"'/>"), stanza.NSClient, stanza.Limits{})
	if err == nil {
		err = r.sender.SendDirected(el, events.StoredJID(to), typ == "")
	}
	if err != nil {
		t.Error(err)
	}
}

// Send implements delivery.Courier, as the methods after it do. A node is a courier
// that brings a parcel when it is told to.
func (n *node) Send(to events.Incarnation, _ uint8, payload []byte) (uint64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.parcels = append(n.parcels, parcelTo{to, payload, time.Now()})
	return uint64(len(n.parcels)), nil
}

func (n *node) Arrived(_ events.Incarnation, _ uint8, place uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return uint64(n.arrived) >= place
}

func (n *node) Await(ctx context.Context, to events.Incarnation, track uint8, place uint64) error {
	defer context.AfterFunc(ctx, n.moved.Broadcast)()
	n.mu.Lock()
	defer n.mu.Unlock()
	for uint64(n.arrived) < place && ctx.Err() == nil {
		n.moved.Wait()
	}
	return ctx.Err()
}

func (n *node) Return(of events.Incarnation, again func([]byte, time.Time, func())) {
	for _, p := range n.take() {
		again(p.payload, p.at, n.handled)
	}
	synctest.Wait()
}

func (n *node) handled() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.arrived++
	n.moved.Broadcast()
}

// take lists the parcels that have not arrived.
func (n *node) take() []parcelTo {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.parcels[n.arrived:]
}

// deliver brings what the node has sent, and waits until nothing moves.
func (n *node) deliver() {
	for _, p := range n.take() {
		kept := false
		n.nodes[p.to.Name].router.Receive(p.payload, func() func() {
			kept = true
			return n.handled
		})
		if !kept {
			n.handled()
		}
	}
	synctest.Wait()
}

// A shelf is a store of offline messages.
type shelf struct {
	mu   sync.Mutex
	most int
	away time.Time               // until then nothing can be stored, for which Store waits, or taken
	kept map[events.JID][][]byte // guarded
	held atomic.Int32            // loops that keep others from an account's messages
}

func (s *shelf) Store(ctx context.Context, account events.JID, data []byte) error {
	select {
	case <-time.After(time.Until(s.away)):
	case <-ctx.Done():
		return events.ErrUnavailable
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[events.JID][][]byte{}
	}
	if len(s.kept[account]) >= s.most {
		return events.ErrFull
	}
	s.kept[account] = append(s.kept[account], data)
	return nil
}

func (s *shelf) Take(_ context.Context, account events.JID) iter.Seq2[events.Document, error] {
	return func(yield func(events.Document, error) bool) {
		if time.Now().Before(s.away) {
			yield(events.Document{}, events.ErrUnavailable)
			return
		}
		s.held.Add(1)
		defer s.held.Add(-1)
		for {
			s.mu.Lock()
			if len(s.kept[account]) == 0 {
				s.mu.Unlock()
				return
			}
			data := s.kept[account][0]
			s.mu.Unlock()
			if !yield(events.Document{JID: account, Data: data}, nil) {
				return
			}
			s.mu.Lock()
			s.kept[account] = s.kept[account][1:]
			s.mu.Unlock()
		}
	}
}

// waiting counts what waits for an account.
func (s *shelf) waiting(account string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept[events.StoredJID(account)])
}
