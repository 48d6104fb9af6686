package verify

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A world is a log with its keyframes, and the table that they are of.
type world struct {
	*bustest.Log
	t      *testing.T
	frames *bustest.Keyframes
	table  *projector.Table
	last   events.Stored
	stored []events.Stored
}

func newWorld(t *testing.T) *world {
	return &world{Log: bustest.NewLog(), t: t, frames: bustest.NewKeyframes(), table: projector.NewTable()}
}

// do lets a command happen to an account.
func (w *world) do(account string, c session.Command) {
	w.t.Helper()
	jid := events.StoredJID(account)
	steps, err := session.Decide(w.table.Account(jid), c)
	if err != nil {
		w.t.Fatalf("%s: %v", account, err)
	}
	for _, s := range steps {
		r := events.Record{Session: s.Session, JID: s.JID, Event: s.Event}
		if r.JID.IsZero() {
			r.JID = jid
		}
		w.append(r)
	}
}

func (w *world) append(r events.Record) {
	w.t.Helper()
	r.ID, r.Connector = events.NewEventID(time.Now()), events.Incarnation{Name: "c1", Epoch: 1}
	if st, err := w.Last(w.t.Context(), r.Account()); err == nil || events.IsPoison(err) {
		r.Prev = st.Seq
	}
	if _, err := w.Append(w.t.Context(), &r); err != nil {
		w.t.Fatal(err)
	}
	w.follow()
}

// follow folds what was added.
func (w *world) follow() {
	w.t.Helper()
	for st, err := range w.Read(w.t.Context(), events.Range{After: w.end()}) {
		if err != nil {
			w.stored = append(w.stored, events.Stored{Seq: w.end() + 1})
			continue
		}
		w.table.Fold(st)
		w.last = *st
		w.stored = append(w.stored, *st)
	}
}

func (w *world) end() events.Seq { return events.Seq(len(w.stored)) }

func (w *world) online(id byte, account string) {
	w.t.Helper()
	w.do(account, session.Authenticate{Session: sid(id), Mechanism: "PLAIN", AsOf: 1 << 60})
	w.do(account, session.Bind{Session: sid(id), Resource: fmt.Sprint("r", id)})
	w.priority(id, account, 0)
}

func (w *world) priority(id byte, account string, priority int8) {
	w.t.Helper()
	w.do(account, session.BecomeAvailable{Session: sid(id), Priority: priority, Stanza: "<presence/>"})
}

// stranger writes what some other program might: a record on top of prev.
func (w *world) stranger(account string, prev events.Seq) {
	w.t.Helper()
	r := events.Record{ID: events.NewEventID(time.Now()), JID: events.StoredJID(account), Prev: prev, Event: events.Unknown{Code: 250, Fields: []byte{0x90}}}
	w.Poison(r.JID, r.Append(nil))
	w.follow()
}

// keyframe writes the table as it is now, and returns the name.
func (w *world) keyframe() events.Keyframe {
	w.t.Helper()
	return w.write(w.table)
}

func (w *world) write(table *projector.Table) events.Keyframe {
	w.t.Helper()
	info, err := w.Info(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	head := keyframe.Head{
		Stream: info.Stream, Created: info.Created.UnixNano(), Seq: w.last.Seq, At: w.last.At, ID: w.last.ID,
		Leases: table.Leases(),
	}
	table.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
		err = w.frames.Create(w.t.Context(), head.Name(), keyframe.Encode(head, slices.Collect(accounts)))
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return head.Name()
}

// week is a world of seven parts, each of some logins, with alice's priority in each,
// an end and something that can't be decoded. The first has no keyframe before it, and
// the last none behind.
func week(t *testing.T) (w *world, names []events.Keyframe) {
	w = newWorld(t)
	w.online(100, "alice@localhost")
	for day := range byte(7) {
		w.online(10*day+1, fmt.Sprintf("u%d@localhost", day))
		w.priority(100, "alice@localhost", int8(day+1))
		w.online(10*day+2, fmt.Sprintf("v%d@localhost", day))
		w.Poison(events.StoredJID("alice@localhost"), []byte{0xc1})
		w.follow()
		w.do("alice@localhost", session.RequestRoster{Session: sid(100)})
		w.do("alice@localhost", session.SwitchCarbons{Session: sid(100), On: day%2 == 0})
		w.do(fmt.Sprintf("u%d@localhost", day), session.Kick{})
		w.online(10*day+3, fmt.Sprintf("u%d@localhost", day/2))
		if day < 6 {
			names = append(names, w.keyframe())
		}
	}
	return w, names
}

// find gives the place of the first record behind one that fits.
func (w *world) find(after events.Seq, fits func(*events.Stored) bool) events.Seq {
	w.t.Helper()
	for i := range w.stored[after:] {
		if st := &w.stored[int(after)+i]; st.Event != nil && fits(st) {
			return st.Seq
		}
	}
	w.t.Fatalf("no such record after %d", after)
	return 0
}

// A doctored log gives other records than were written.
type doctored struct {
	events.Log
	edit map[events.Seq]func(*events.Stored) error // nil: there is none
}

// Read implements events.Log.
func (d doctored) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range d.Log.Read(ctx, r) {
			if err != nil {
				if !yield(st, err) {
					return
				}
				continue
			}
			edit, edited := d.edit[st.Seq]
			if edited && edit == nil {
				continue
			}
			if edited {
				changed := *st
				st = &changed
				err = edit(st)
			}
			if err != nil {
				st = nil
			}
			if !yield(st, err) {
				return
			}
		}
	}
}

func sid(n byte) events.SessionID { return events.SessionID{0: 's', 15: n} }

// An aged log is one of which retention has removed the beginning.
type aged struct {
	events.Log
	first events.Seq
}

// Info implements events.Log.
func (l aged) Info(ctx context.Context) (events.Info, error) {
	i, err := l.Log.Info(ctx)
	i.First, i.MaxAge = l.first, time.Hour
	return i, err
}

// Read implements events.Log.
func (l aged) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	r.After = max(r.After, l.first-1)
	return l.Log.Read(ctx, r)
}

// An aging log is whole when it is asked first, and has lost its beginning to retention when
// it is read.
type aging struct {
	aged
	asked *atomic.Bool
}

// Info implements events.Log.
func (l aging) Info(ctx context.Context) (events.Info, error) {
	i, err := l.aged.Info(ctx)
	if !l.asked.Swap(true) {
		i.First = 1
	}
	return i, err
}

// A busy store gets another keyframe, of a newer record, just before it is listed.
type busy struct {
	*bustest.Keyframes
	w *world
}

func (b busy) List(ctx context.Context) ([]events.Keyframe, error) {
	b.w.online(200, "late@localhost")
	b.w.keyframe()
	return b.Keyframes.List(ctx)
}
