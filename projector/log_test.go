package projector

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// testStream is the name of every testLog.
const testStream = "RC_TEST"

var testCreated = time.Unix(0, 1)

// A testLog keeps encoded records and gives each out in a buffer that it spoils
// when the next one is asked for: code that keeps a text that is not its own is
// found out. Only what a Projector needs is there.
type testLog struct {
	events.Log

	mu      sync.Mutex
	entries []entry
	more    chan struct{} // closed when entries has grown
	info    []error       // Info fails with these first
	aged    events.Seq    // the last record that retention has removed
	maxAge  time.Duration
}

// An entry is a record, or an error that Follow gives in its place.
type entry struct {
	seq  events.Seq // 0: an error without a record
	at   int64
	data []byte
	err  error
}

func newTestLog() *testLog { return &testLog{more: make(chan struct{})} }

func (l *testLog) add(e entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
	close(l.more)
	l.more = make(chan struct{})
}

func (l *testLog) Info(context.Context) (events.Info, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.info) > 0 {
		err := l.info[0]
		l.info = l.info[1:]
		return events.Info{}, err
	}
	i := events.Info{Stream: testStream, Created: testCreated, MaxAge: l.maxAge, First: l.aged + 1, Last: l.aged}
	for _, e := range l.entries {
		if e.seq != 0 {
			i.Last, i.Records = e.seq, i.Records+1
		}
	}
	return i, nil
}

// Read gives the records between two sequences.
func (l *testLog) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	l.mu.Lock()
	entries := l.entries
	l.mu.Unlock()
	return func(yield func(*events.Stored, error) bool) {
		for _, e := range entries {
			if e.seq <= r.After || e.seq > r.To || e.err != nil {
				continue
			}
			st := events.Stored{Stream: testStream, Seq: e.seq, At: e.at}
			if err := st.Decode(e.data); err != nil || ctx.Err() != nil || !yield(&st, nil) {
				return
			}
		}
	}
}

func (l *testLog) Follow(ctx context.Context, after events.Seq) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		var st events.Stored
		for i := 0; ; i++ {
			e, ok := l.wait(ctx, i)
			if !ok {
				return
			}
			if e.seq != 0 && e.seq <= after {
				continue
			}
			if e.err != nil {
				if !yield(nil, e.err) || !passes(e.err) {
					return
				}
				continue
			}
			buffer := append([]byte(nil), e.data...)
			if err := st.Decode(buffer); err != nil {
				panic(err)
			}
			st.Stream, st.Seq, st.At = testStream, e.seq, e.at
			if !yield(&st, nil) {
				return
			}
			for i := range buffer {
				buffer[i] = '!'
			}
		}
	}
}

func passes(err error) bool {
	var poison *events.PoisonError
	return errors.As(err, &poison) || errors.Is(err, events.ErrUnavailable)
}

// wait returns entry i when it is there.
func (l *testLog) wait(ctx context.Context, i int) (entry, bool) {
	for {
		l.mu.Lock()
		more := l.more
		if i < len(l.entries) {
			defer l.mu.Unlock()
			return l.entries[i], true
		}
		l.mu.Unlock()
		select {
		case <-ctx.Done():
			return entry{}, false
		case <-more:
		}
	}
}

// A scribe writes histories: it carries commands out by session.Decide, as a
// connector does. Event n is stored n times its pace, a second, after the
// epoch.
type scribe struct {
	connector events.Incarnation
	log       *testLog
	accounts  map[events.JID]*session.Account
	stored    []events.Stored
	pace      time.Duration // from record to record
}

func newScribe() *scribe {
	return &scribe{
		connector: events.Incarnation{Name: "c1", Epoch: 1},
		log:       newTestLog(),
		accounts:  map[events.JID]*session.Account{},
		pace:      time.Second,
	}
}

func (w *scribe) last() events.Seq { return events.Seq(len(w.stored)) }

// do returns what Decide said.
func (w *scribe) do(account string, c session.Command) error {
	jid := jid(account)
	steps, err := session.Decide(w.accounts[jid], c)
	for _, s := range steps {
		if s.JID.IsZero() {
			s.JID = jid
		}
		w.append(s.Session, s.JID, s.Event)
	}
	return err
}

func (w *scribe) append(id events.SessionID, jid events.JID, e events.Event) *events.Stored {
	return w.write(events.Record{
		Session: id, JID: jid, Connector: w.connector, Prev: seqAt(w.accounts[jid.Bare()]), Event: e,
	})
}

func (w *scribe) write(r events.Record) *events.Stored {
	seq := w.last() + 1
	r.ID = events.EventID{15: byte(seq), 14: byte(seq >> 8), 13: byte(seq >> 16)}
	st := events.Stored{Record: r, Stream: testStream, Seq: seq, At: int64(seq) * int64(w.pace)}
	w.stored = append(w.stored, st)
	account := r.JID.Bare()
	w.accounts[account] = session.Apply(w.accounts[account], &st)
	w.log.add(entry{seq: seq, at: st.At, data: r.Append(nil)})
	return &st
}

// online logs a session in, with presence of that priority.
func (w *scribe) online(id byte, account, resource string, priority int8) {
	w.bound(id, account, resource)
	w.must(account, session.BecomeAvailable{Session: sid(id), Priority: priority, Stanza: "<presence/>"})
}

func (w *scribe) bound(id byte, account, resource string) {
	w.must(account, session.Authenticate{Session: sid(id), Mechanism: "PLAIN"})
	w.must(account, session.Bind{Session: sid(id), Resource: resource})
}

func (w *scribe) must(account string, c session.Command) {
	if err := w.do(account, c); err != nil {
		panic(err)
	}
}

// table folds everything that was written.
func (w *scribe) table() *Table {
	t := NewTable()
	for i := range w.stored {
		t.Fold(&w.stored[i])
	}
	return t
}

func jid(s string) events.JID {
	j, err := events.ParseJID(s)
	if err != nil {
		panic(err)
	}
	return j
}

func sid(n byte) events.SessionID { return events.SessionID{0: 's', 15: n} }

// at is a position in every testLog.
func at(seq events.Seq) events.Position { return events.Position{Stream: testStream, Seq: seq} }

// run starts a projector and returns it, and a function that stops it and
// returns what Run did.
func run(t *testing.T, c Config) (*Projector, func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := newProjector(t, c)
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	stop := sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { stop() })
	return p, stop
}

func newProjector(t testing.TB, c Config) *Projector {
	t.Helper()
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAProjectorWithoutALogOrATableIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{Log: newScribe().log}, {Table: NewTable()}} {
		if _, err := New(c); err == nil {
			t.Errorf("made of %+v", c)
		}
	}
}

// seqAt is the sequence of an account, 0 if it is not known.
func seqAt(a *session.Account) events.Seq { return lastOf(a).seq }
