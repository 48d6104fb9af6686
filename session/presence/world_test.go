package presence_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/presence"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A world is one connector's service with documents and a log that is told at once.
type world struct {
	*presence.Service
	t       *testing.T
	rosters *bustest.Documents
	blocked *bustest.Documents
	table   map[events.JID]*session.Account
	last    events.Seq
	granted []string // owners and watchers
	ended   []events.SessionID
}

// inWorld runs a test in a bubble, in which documents are followed.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go w.FollowRosters(ctx)
		go w.FollowBlocked(ctx)
		test(t, w)
	})
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, rosters: bustest.NewDocuments(), blocked: bustest.NewDocuments(), table: map[events.JID]*session.Account{}}
	var err error
	w.Service, err = presence.New(presence.Config{
		Rosters: w.rosters, Blocked: w.blocked, Table: w,
		Served:  func(domain string) bool { return domain == "x" },
		Exists:  func(account events.JID) (bool, error) { return account.Local() != "nobody", nil },
		Granted: func(owner, watcher events.JID) { w.granted = append(w.granted, owner.Local()+" "+watcher.Local()) },
		Ended:   func(id events.SessionID, _ events.Closed) { w.ended = append(w.ended, id) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Account implements presence.Table, as Session does.
func (w *world) Account(jid events.JID) *session.Account { return w.table[jid.Bare()] }

func (w *world) Session(full events.JID) *session.Session {
	return w.table[full.Bare()].Resource(full.Resource())
}

// A resource is one with the stanzas that its client was sent.
type resource struct {
	*presence.Resource
	w    *world
	id   events.SessionID
	jid  events.JID
	mu   sync.Mutex
	sent []string // guarded
}

// bind makes a session that is not available yet.
func (w *world) bind(full string) *resource {
	w.t.Helper()
	r := &resource{w: w, id: events.NewSessionID(time.Now()), jid: events.StoredJID(full)}
	release, err := w.Hold(context.Background(), r.jid.Bare())
	if err != nil {
		w.t.Fatal(err)
	}
	defer release()
	r.event(events.Authenticated{})
	r.event(events.Bound{})
	r.Resource = presence.NewResource(w.Service, r.id, r.jid, r.send)
	r.Add(func() { r.send([]byte("told")) })
	r.takes()
	return r
}

// available makes a session that is.
func (w *world) available(full string) *resource {
	w.t.Helper()
	r := w.bind(full)
	r.show("")
	r.takes()
	return r
}

// event stores one of the session's.
func (r *resource) event(e events.Event) {
	before := r.w.table[r.jid.Bare()]
	r.w.last++
	st := &events.Stored{
		Record: events.Record{ID: events.NewEventID(time.Now()), Session: r.id, JID: r.jid, Event: e}, Seq: r.w.last, At: time.Now().UnixNano(),
	}
	after := session.Apply(before, st)
	r.w.table[r.jid.Bare()] = after
	r.w.Observe(before, after, st)
}

// show stores a presence with that status.
func (r *resource) show(status string) {
	r.event(events.PresenceAvailable{Stanza: "<presence><status>" + status + "</status></presence>"})
}

func (r *resource) send(b []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, string(b))
	return true
}

func (r *resource) answer() { r.send([]byte("answer")) }

func (r *resource) answerWith(payload string) { r.send([]byte("answer " + payload)) }

// takes returns what the client was sent since it was called last, when all has
// settled.
func (r *resource) takes() []string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := r.sent
	r.sent = nil
	return sent
}

// want compares what the client was sent with parts of it, one for each stanza.
func (r *resource) want(parts ...string) {
	r.w.t.Helper()
	got := r.takes()
	same := len(got) == len(parts)
	for i := range min(len(got), len(parts)) {
		same = same && strings.Contains(got[i], parts[i])
	}
	if !same {
		r.w.t.Errorf("%s was sent %q, want %q", r.jid, got, parts)
	}
}

// friends makes two accounts watch each other by what their clients send.
func (w *world) friends(a, b *resource) {
	w.t.Helper()
	for _, x := range [][2]*resource{{a, b}, {b, a}} {
		x[0].subscribes("subscribe", x[1])
		x[1].subscribes("subscribed", x[0])
	}
	a.takes()
	b.takes()
}

func (r *resource) subscribes(kind string, to *resource) {
	r.w.t.Helper()
	if err := r.subscription(kind, to.jid.Bare()); err != nil {
		r.w.t.Fatal(err)
	}
}

// subscription sends a subscription stanza.
func (r *resource) subscription(kind string, to events.JID) error {
	el := parse(r.w.t, "<presence type='"+kind+"' to='"+to.String()+"'/>")
	k, _ := roster.ParseKind(kind)
	return r.Subscription(el, k, to)
}

func parse(t *testing.T, text string) *stanza.Element {
	t.Helper()
	el, err := stanza.Parse([]byte(text), stanza.NSClient, stanza.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return el
}
