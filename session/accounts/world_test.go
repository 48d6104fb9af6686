package accounts

import (
	"context"
	"fmt"
	"iter"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// A world is a service without connectors: the real log and the real documents,
// of a server in this process.
type world struct {
	*Admin
	t   *testing.T
	bus *bus.Bus
}

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
	b, err := bus.Connect(ctx, bus.Config{InProcess: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	store := &Store{Keys: b.Accounts(), Rosters: b.Rosters(), Blocked: b.Blocked(), Private: b.Private(), Waiting: b.Waiting(),
		Names: names.New(b.Names(), b.Log()), Bans: b.Bans()}
	admin, err := NewAdmin(b.Log(), store, "admin")
	if err != nil {
		t.Fatal(err)
	}
	return &world{Admin: admin, t: t, bus: b}
}

// root is whoever administers accounts in the tests.
const root = events.Actor("cli root@example")

func jid(s string) events.JID {
	j, err := events.ParseJID(s)
	if err != nil {
		panic(err)
	}
	return j
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// login has a connector log a session in.
func (w *world) login(account, resource string) events.SessionID {
	w.t.Helper()
	h := session.NewHistories(w.bus.Log())
	c1, err := session.NewService(session.Config{Log: w.bus.Log(), Accounts: h, Connector: events.Incarnation{Name: "c1", Epoch: 1}})
	w.must(err)
	id := events.NewSessionID(time.Now())
	for _, c := range []session.Command{session.Authenticate{Session: id, Mechanism: "PLAIN", AsOf: math.MaxUint64}, session.Bind{Session: id, Resource: resource}} {
		_, _, err := c1.Do(w.t.Context(), jid(account), events.ConnID{}, c)
		w.must(err)
	}
	return id
}

// history names the events of an account, with the reasons of its ends.
func (w *world) history(account string) (names []string) {
	w.t.Helper()
	for st, err := range w.bus.Log().Read(w.t.Context(), events.Range{Account: jid(account)}) {
		w.must(err)
		name := st.Event.Kind().String()
		if e, ok := st.Event.(events.Closed); ok {
			name = fmt.Sprint(name, " ", e.Reason)
		}
		if st.Connector.Name == "admin" {
			name += "!"
		}
		names = append(names, name)
	}
	return names
}

// waiting takes what waits for an account.
func (w *world) waiting(account events.JID) iter.Seq[string] {
	return func(yield func(string) bool) {
		for doc, err := range w.Waiting.Take(w.t.Context(), account) {
			w.must(err)
			if !yield(string(doc.Data)) {
				return
			}
		}
	}
}

// wantForgotten: what the administration has read of an account is no longer in
// memory.
func (w *world) wantForgotten(account string) {
	w.t.Helper()
	if a := w.histories.Account(jid(account)); a != nil {
		w.t.Errorf("%s stays in memory, with %d sessions", account, len(a.Sessions()))
	}
}

// accepts reports that a client can log in with the password, by PLAIN over TLS.
func (w *world) accepts(account, password string) bool {
	w.t.Helper()
	a, err := auth.New(auth.Config{Accounts: w.Store, Secret: make([]byte, 16)})
	w.must(err)
	j := jid(account)
	r := a.Begin(j.Domain(), auth.Channel{Secured: true}).Start(w.t.Context(), "PLAIN", []byte("\x00"+j.Local()+"\x00"+password))
	return r.Kind == auth.Success
}

// An overtaken bucket is changed by somebody else just before this side puts, or
// if onDelete is set, deletes a document; once.
type overtaken struct {
	Bucket
	onDelete bool
	change   func()
	once     sync.Once
}

func (o *overtaken) Put(ctx context.Context, account events.JID, data []byte, revision uint64) (uint64, error) {
	if !o.onDelete {
		o.once.Do(o.change)
	}
	return o.Bucket.Put(ctx, account, data, revision)
}

func (o *overtaken) Delete(ctx context.Context, account events.JID, revision uint64) error {
	if o.onDelete {
		o.once.Do(o.change)
	}
	return o.Bucket.Delete(ctx, account, revision)
}

// A fullLog can be read, and takes nothing.
type fullLog struct{ events.Log }

func (fullLog) Append(context.Context, *events.Record) (events.Position, error) {
	return events.Position{}, events.ErrFull
}
