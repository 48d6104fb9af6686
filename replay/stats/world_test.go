package stats

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A world is a log with a history that a clock of its own has stored, with keyframes, and
// with connections that had no account yet.
type world struct {
	*bustest.Log
	frames   *bustest.Keyframes
	t        testing.TB
	now      time.Time
	times    []time.Time // times[i] is when sequence i+1 was stored
	first    events.Seq  // what was before it is forgotten
	failed   []*events.Stored
	accounts map[events.JID]*session.Account
	ids      uint64
	at       string            // the connector that writes
	epochs   map[string]uint64 // of the newest incarnations that leases tell of, if it is not 1
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return &world{
		Log: bustest.NewLog(), frames: bustest.NewKeyframes(), t: t, first: 1, at: "c1",
		now: time.Date(2024, 11, 29, 17, 40, 0, 0, time.UTC), accounts: map[events.JID]*session.Account{}, epochs: map[string]uint64{},
	}
}

var created = time.Unix(1700000000, 0)

// Info implements events.Log.
func (w *world) Info(ctx context.Context) (events.Info, error) {
	i, err := w.Log.Info(ctx)
	if int(w.first) <= len(w.times) {
		i.FirstAt = w.times[w.first-1]
	}
	i.Now, i.First, i.Created = w.now, w.first, created
	return i, err
}

// Read implements events.Log. As the real one it ends with the first record that was
// stored after the range.
func (w *world) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range w.Log.Read(ctx, events.Range{Account: r.Account, After: max(r.After, w.first-1), To: r.To}) {
			poison, damaged := errors.AsType[*events.PoisonError](err)
			if err != nil && !damaged {
				yield(nil, err)
				return
			}
			var at *int64
			var stored time.Time
			if damaged {
				at, stored = &poison.At, w.times[poison.Seq-1]
			} else {
				at, stored = &st.At, w.times[st.Seq-1]
			}
			*at = stored.UnixNano()
			switch {
			case !r.Until.IsZero() && !stored.Before(r.Until):
				return
			case stored.Before(r.Since):
			case !yield(st, err):
				return
			}
		}
	}
}

// pre is a world's connections.
type pre struct{ w *world }

// Read implements replay.Pre.
func (p pre) Read(_ context.Context, since, until time.Time) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for _, st := range p.w.failed {
			if at := st.StoredAt(); !at.Before(since) && at.Before(until) && !yield(st, nil) {
				return
			}
		}
	}
}

func (w *world) archive() replay.Archive {
	return replay.Archive{Log: w, Keyframes: w.frames, Passed: func(k events.Keyframe, err error) { w.t.Errorf("%s: %v", k, err) }}
}

// read asks for figures.
func (w *world) read(q Query) *Answer {
	w.t.Helper()
	a, err := Read(w.t.Context(), w.archive(), pre{w}, q)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

// id is a new one.
func (w *world) id() (id events.ID) {
	w.ids++
	id = events.NewID(w.now)
	clear(id[6:])
	binary.BigEndian.PutUint64(id[8:], w.ids)
	return id
}

// append stores an event of a JID now, and carries it out.
func (w *world) append(jid events.JID, s events.SessionID, e events.Event) {
	w.t.Helper()
	account := jid.Bare()
	r := events.Record{
		ID: events.EventID(w.id()), Session: s, JID: jid, Time: w.now.UnixNano(), Connector: events.Incarnation{Name: w.at, Epoch: 1}, Event: e,
	}
	if account == events.Connectors {
		r.Connector.Epoch = max(w.epochs[w.at], 1)
	}
	if a := w.accounts[account]; a != nil {
		r.Prev = a.Seq
	}
	p, err := w.Append(w.t.Context(), &r)
	if err != nil {
		w.t.Fatal(err)
	}
	st := events.Stored{Record: r, Seq: p.Seq, At: w.now.UnixNano()}
	w.accounts[account] = session.Apply(w.accounts[account], &st)
	w.times = append(w.times, w.now)
}

// do decides a command and stores what comes of it; false if it is refused.
func (w *world) do(account events.JID, c session.Command) bool {
	w.t.Helper()
	steps, err := session.Decide(w.accounts[account], c)
	for _, s := range steps {
		if s.JID.IsZero() {
			s.JID = account
		}
		w.append(s.JID, s.Session, s.Event)
	}
	return err == nil && len(steps) > 0
}

// login begins a session that is online.
func (w *world) login(account, resource, agent string) events.SessionID {
	w.t.Helper()
	id, jid := events.SessionID(w.id()), events.StoredJID(account)
	w.do(jid, session.Authenticate{Session: id, AsOf: 1 << 60, Mechanism: "PLAIN", Agent: agent})
	w.do(jid, session.Bind{Session: id, Resource: resource})
	return id
}

// end closes a session.
func (w *world) end(account string, id events.SessionID, why events.Reason) {
	w.t.Helper()
	if !w.do(events.StoredJID(account), session.Close{Session: id, Reason: why}) {
		w.t.Fatalf("%s has no such session", account)
	}
}

// fail has a login fail.
func (w *world) fail(mechanism string) {
	w.failed = append(w.failed, &events.Stored{
		Record: events.Record{ID: events.EventID(w.id()), Event: events.AuthFailed{Mechanism: mechanism}}, Stream: "PRE", At: w.now.UnixNano(),
	})
}

// poison stores what can't be decoded.
func (w *world) poison() {
	w.Poison(events.StoredJID("nobody@localhost"), []byte{0xc1})
	w.times = append(w.times, w.now)
}

// keyframe keeps the table after a record.
func (w *world) keyframe(seq events.Seq) {
	w.t.Helper()
	past, err := replay.At(w.t.Context(), replay.Archive{Log: w}, replay.Moment{Seq: seq})
	if err != nil {
		w.t.Fatal(err)
	}
	info, err := w.Info(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for st := range events.Intact(w.Read(w.t.Context(), events.Range{After: seq - 1, To: seq})) {
		head := keyframe.Head{Stream: info.Stream, Created: created.UnixNano(), Seq: seq, At: st.At, ID: st.ID, Leases: past.Leases()}
		past.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
			err = w.frames.Create(w.t.Context(), head.Name(), keyframe.Encode(head, slices.Collect(accounts)))
		})
		if err != nil && !errors.Is(err, events.ErrConflict) {
			w.t.Fatal(err)
		}
	}
}

// live lets random things happen to a few accounts at three connectors, some that no
// Decide would write among them; sometimes much in a moment, sometimes nothing for days, and
// now and then the clock goes back.
func (w *world) live(random *rand.Rand, n int) {
	w.t.Helper()
	for len(w.times) < n {
		account := events.StoredJID(fmt.Sprintf("u%d@localhost", random.IntN(30)))
		a := w.accounts[account]
		w.at = fmt.Sprintf("c%d", 1+random.IntN(3))
		switch random.IntN(150) {
		case 0:
			w.poison()
		case 1, 2:
			w.append(account, w.some(random, a), nonsense(random))
		case 3:
			w.lease(random)
		case 4, 5:
			w.fail(mechanisms[random.IntN(2)])
		case 6:
			w.crash(random)
		case 7:
			w.quarrel(random, account)
		default:
			w.do(account, w.command(random, a))
		}
		w.pass(random)
	}
}

var mechanisms = []string{"PLAIN", "SCRAM-SHA-256"}

// pass lets some time go by.
func (w *world) pass(random *rand.Rand) {
	switch random.IntN(40) {
	case 0:
		w.later(time.Duration(random.IntN(5*24)) * time.Hour)
	case 1:
		w.later(-3 * time.Second)
	case 2, 3, 4:
	default:
		w.later(time.Duration(random.IntN(40_000)) * time.Millisecond)
	}
}

// crash ends what a connector holds, and all of it comes back soon, or was back before
// anybody saw that it was gone.
func (w *world) crash(random *rand.Rand) {
	holder := events.Incarnation{Name: w.at, Epoch: 1}
	early := random.IntN(2) == 0
	come := func(i int) {
		w.at = "c1"
		w.later(time.Duration(random.IntN(700)) * time.Millisecond)
		w.login(fmt.Sprintf("u%d@localhost", i), string(rune('a'+random.IntN(2))), agents4[random.IntN(len(agents4))])
	}
	for i := range 30 {
		lost := w.accounts[events.StoredJID(fmt.Sprintf("u%d@localhost", i))]
		if early && random.IntN(4) > 0 {
			come(i)
		}
		for _, s := range lost.Sessions() {
			if s.Connector() == holder && w.accounts[lost.JID()].Session(s.ID) != nil {
				w.append(s.JID(), s.ID, events.Closed{Reason: events.ReasonConnectorLost})
			}
		}
	}
	for i := range 30 {
		come(i)
	}
}

// quarrel has two clients of an account take a resource from each other.
func (w *world) quarrel(random *rand.Rand, account events.JID) {
	for range 2 + random.IntN(6) {
		w.login(account.String(), "a", agents4[random.IntN(2)])
		w.later(time.Duration(random.IntN(35)) * time.Second)
	}
}

var agents4 = []string{"", "Gajim 1.9.3, desk, 1", "Gajim 2.0, desk, 1", "Dino, phone, 2"}

// some is one of the account's sessions, or one that there never was.
func (w *world) some(random *rand.Rand, a *session.Account) events.SessionID {
	if list := a.Sessions(); len(list) > 0 && random.IntN(4) > 0 {
		return list[random.IntN(len(list))].ID
	}
	return events.SessionID(w.id())
}

func (w *world) command(random *rand.Rand, a *session.Account) session.Command {
	one, resource := w.some(random, a), string(rune('a'+random.IntN(2)))
	all := [...]session.Command{
		session.Authenticate{Session: w.some(random, nil), AsOf: 1 << 60, Mechanism: mechanisms[random.IntN(2)], Agent: agents4[random.IntN(len(agents4))]},
		session.Bind{Session: one, Resource: resource},
		session.Bind{Session: one, Resource: resource},
		session.BecomeAvailable{Session: one, Stanza: "<presence/>"},
		session.EnableStreamManagement{Session: one, Resumable: true, Max: 60, TokenHash: "h"},
		session.Detach{Session: one, Reason: events.ReasonConnectionLost, Now: w.now.UnixNano()},
		session.Detach{Session: one, Reason: events.ReasonConnectionLost, Now: w.now.UnixNano()},
		session.Resume{Session: one, Previous: w.some(random, a), TokenHash: "h"},
		session.Close{Session: one, Reason: events.Reasons()[random.IntN(len(events.Reasons()))]},
		session.Kick{Resource: resource},
		session.RemoveAccount{},
	}
	return all[random.IntN(len(all)-random.IntN(2))]
}

func nonsense(random *rand.Rand) events.Event {
	all := [...]events.Event{
		events.Authenticated{Agent: agents4[1]}, events.Bound{}, events.Detached{}, events.Resumed{}, events.Closed{},
		events.Refreshed{Since: 7000}, events.Unknown{Code: 250, Fields: []byte{0x90}},
	}
	return all[random.IntN(len(all))]
}

// lease has a connector start, again as well, or stop, or another find that one is lost.
func (w *world) lease(random *rand.Rand) {
	switch random.IntN(4) {
	case 0:
		w.append(events.Connectors, events.SessionID{}, events.ConnectorStopped{})
	case 1:
		lost := fmt.Sprintf("c%d", random.IntN(4))
		w.append(events.Connectors, events.SessionID{}, events.ConnectorLost{Lost: events.Incarnation{Name: lost, Epoch: max(w.epochs[lost], 1)}})
	default:
		w.start()
	}
}

// start has the next incarnation of the connector start.
func (w *world) start() {
	w.epochs[w.at] = max(w.epochs[w.at], 1) + 1
	w.append(events.Connectors, events.SessionID{}, events.ConnectorStarted{})
}
