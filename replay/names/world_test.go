package names

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A world is a log and a bucket of a real server, whose log is written record by record.
type world struct {
	*bus.Bus
	t      *testing.T
	server *natsd.Server
	prev   map[events.JID]events.Seq
	ctx    context.Context
}

var (
	alice = events.StoredJID("alice@localhost")
	bob   = events.StoredJID("bob@localhost")
)

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	server, err := natsd.Start(ctx, natsd.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	w := &world{t: t, server: server, prev: make(map[events.JID]events.Seq), ctx: ctx}
	w.Bus = w.connect()
	return w
}

// connect is another process.
func (w *world) connect() *bus.Bus {
	w.t.Helper()
	b, err := bus.Connect(w.ctx, bus.Config{InProcess: w.server})
	w.must(err)
	w.t.Cleanup(b.Close)
	return b
}

// other knows nothing yet, like a process that has just started.
func (w *world) other() *Names { return New(w.Names(), w.Log()) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// write appends events of an account and returns their records.
func (w *world) write(account events.JID, list ...events.Event) (stored []*events.Stored) {
	w.t.Helper()
	for _, e := range list {
		r := events.Record{ID: events.NewEventID(time.Now()), JID: account, Time: 1, Prev: w.prev[account], Event: e}
		at, err := w.Log().Append(w.ctx, &r)
		w.must(err)
		w.prev[account] = at.Seq
		stored = append(stored, &events.Stored{Record: r, Stream: at.Stream, Seq: at.Seq})
	}
	return stored
}

// of asks for one pseudonym.
func (w *world) of(n *Names, st *events.Stored) Pseudonym {
	w.t.Helper()
	p, err := n.Of(w.ctx, st)
	w.must(err)
	return p
}

// all asks for many.
func (w *world) all(n *Names, records []*events.Stored) []Pseudonym {
	w.t.Helper()
	list := make([]Pseudonym, len(records))
	w.must(n.OfAll(w.ctx, records, list))
	return list
}

// listed are the names that the bucket tells.
func (w *world) listed() (list []Name) {
	w.t.Helper()
	for name, err := range w.other().All(w.ctx) {
		w.must(err)
		list = append(list, name)
	}
	slices.SortFunc(list, func(a, b Name) int { return a.Account.Compare(b.Account)<<32 + int(a.From) - int(b.From) })
	return list
}

// life is an account from its creation to the end of a session.
var life = []events.Event{events.AccountCreated{}, events.Authenticated{}, events.Bound{}, events.Closed{Reason: events.ReasonClient}}
