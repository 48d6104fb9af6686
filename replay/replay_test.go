package replay

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A world is a log with a history that is written in virtual time: each event
// is stored a second after the one before.
type world struct {
	*bustest.Log
	frames   *bustest.Keyframes
	t        *testing.T
	accounts map[events.JID]*session.Account
	moments  []time.Time // moments[i] is when sequence i+1 was stored
}

// inWorld runs a test where time is virtual.
func inWorld(t *testing.T, test func(*testing.T, *world)) {
	t.Parallel()
	keyframe.Encode(keyframe.Head{}, nil) // what it makes once must not belong to one world
	synctest.Test(t, func(t *testing.T) {
		test(t, &world{Log: bustest.NewLog(), frames: bustest.NewKeyframes(), t: t, accounts: map[events.JID]*session.Account{}})
	})
}

func (w *world) do(account string, c session.Command) {
	w.t.Helper()
	jid := jid(account)
	steps, err := session.Decide(w.accounts[jid], c)
	if err != nil {
		w.t.Fatalf("%s: %v", account, err)
	}
	w.write(jid, steps)
}

func (w *world) write(account events.JID, steps []session.Step) {
	w.t.Helper()
	for _, s := range steps {
		if s.JID.IsZero() {
			s.JID = account
		}
		w.append(events.Record{Session: s.Session, JID: s.JID, Event: s.Event})
	}
}

// refresh lets the sessions' connector repeat them: an event for each.
func (w *world) refresh(account string) {
	w.t.Helper()
	w.do(account, session.Refresh{Holder: holder, Begun: math.MaxInt64, Account: w.accounts[jid(account)]})
}

// holder is the connector of all sessions.
var holder = events.Incarnation{Name: "c1", Epoch: 1}

func (w *world) append(r events.Record) {
	w.t.Helper()
	<-time.After(time.Second)
	account := r.JID.Bare()
	if a := w.accounts[account]; a != nil {
		r.Prev = a.Seq
	}
	r.ID, r.Connector = events.NewEventID(time.Now()), holder
	p, err := w.Append(w.t.Context(), &r)
	if err != nil {
		w.t.Fatal(err)
	}
	st := events.Stored{Record: r, Seq: p.Seq, At: time.Now().UnixNano()}
	w.accounts[account] = session.Apply(w.accounts[account], &st)
	w.moments = append(w.moments, time.Now())
}

// online logs a session in: three events.
func (w *world) online(id byte, account, resource string) {
	w.t.Helper()
	w.do(account, session.Authenticate{Session: sid(id), Mechanism: "PLAIN"})
	w.do(account, session.Bind{Session: sid(id), Resource: resource})
	w.do(account, session.BecomeAvailable{Session: sid(id), Stanza: "<presence/>"})
}

// keyframe keeps the table after a record, unless that can't be decoded.
func (w *world) keyframe(seq events.Seq) {
	w.t.Helper()
	past, err := At(w.t.Context(), Archive{Log: w}, Moment{Seq: seq})
	if err != nil {
		w.t.Fatal(err)
	}
	info, err := w.Info(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for st := range events.Intact(w.Read(w.t.Context(), events.Range{After: seq - 1, To: seq})) {
		head := keyframe.Head{Stream: info.Stream, Created: info.Created.UnixNano(), Seq: seq, At: st.At, ID: st.ID}
		past.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
			err = w.frames.Create(w.t.Context(), head.Name(), keyframe.Encode(head, slices.Collect(accounts)))
		})
		if err != nil && !errors.Is(err, events.ErrConflict) {
			w.t.Fatal(err)
		}
	}
}

// archive is the log with its keyframes.
func (w *world) archive() Archive { return Archive{Log: w, Keyframes: w.frames} }

func (w *world) last() events.Seq { return events.Seq(len(w.moments)) }

// at is when the record was stored.
func (w *world) at(seq events.Seq) time.Time { return w.moments[seq-1] }

// poison adds a record of alice's that can't be decoded.
func (w *world) poison() {
	<-time.After(time.Second)
	w.moments = append(w.moments, time.Now())
	a := jid("alice@localhost")
	seq := w.Poison(a, []byte{0xc1})
	if w.accounts[a] != nil {
		nothing := events.Record{JID: a, Event: events.Unknown{}} // an append goes on top of it
		w.accounts[a] = session.Apply(w.accounts[a], &events.Stored{Record: nothing, Seq: seq})
	}
}

// An agedLog is a log of which retention has removed the beginning.
type agedLog struct {
	events.Log
	first events.Seq
}

func (l agedLog) Info(ctx context.Context) (events.Info, error) {
	i, err := l.Log.Info(ctx)
	i.First = l.first
	return i, err
}

func (l agedLog) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	r.After = max(r.After, l.first-1)
	return l.Log.Read(ctx, r)
}

func jid(s string) events.JID {
	j, err := events.ParseJID(s)
	if err != nil {
		panic(err)
	}
	return j
}

func sid(n byte) events.SessionID { return events.SessionID{0: 's', 15: n} }
