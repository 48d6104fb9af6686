package replay

import (
	"context"
	"iter"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"rollcall/bus/bustest"
	"rollcall/events"
	"rollcall/session"
)

// A world is a log with a history that is written in virtual time: each event
// is stored a second after the one before.
type world struct {
	*bustest.Log
	t        *testing.T
	accounts map[events.JID]*session.Account
	moments  []time.Time // moments[i] is when sequence i+1 was stored
}

// inWorld runs a test where time is virtual.
func inWorld(t *testing.T, test func(*testing.T, *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		test(t, &world{Log: bustest.NewLog(), t: t, accounts: map[events.JID]*session.Account{}})
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
		moved := *w.accounts[a]
		moved.Seq = seq
		w.accounts[a] = &moved
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
