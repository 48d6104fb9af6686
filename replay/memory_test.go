package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
)

// agree compares a table with that of the same moment from the log's beginning.
func agree(t *testing.T, w *world, from Archive, m Moment) *Past {
	t.Helper()
	want, err := At(t.Context(), Archive{Log: w}, m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := At(t.Context(), from, m)
	if err != nil {
		t.Fatal(err)
	}
	at, hash := got.Hash()
	if end, expected := want.Hash(); hash != expected || at.Seq != end.Seq || !got.Whole || got.Begins != 0 {
		t.Fatalf("%s: at %d the hash is %s, want at %d %s", m, at.Seq, hash, end.Seq, expected)
	}
	if got, want := fmt.Sprint(got.Stats().Sessions, got.Connectors()), fmt.Sprint(want.Stats().Sessions, want.Connectors()); got != want {
		t.Fatalf("%s: it counts %s, want %s", m, got, want)
	}
	return got
}

// In whatever order moments are asked about, while the log grows and whoever gets a table
// goes on with it.
func TestThePastFromMemoryIsThePastFromTheBeginning(t *testing.T) {
	inHistories(t, func(t *testing.T, w *world, random *rand.Rand) {
		from := w.archive()
		from.Memory = &Memory{stride: events.Seq(1 + random.IntN(30))}
		if random.IntN(4) == 0 {
			from.Keyframes = nil
		}
		for range 80 {
			past := agree(t, w, from, w.sometime(random))
			if random.IntN(3) == 0 {
				if err := past.Extend(t.Context(), w, w.somewhere(random)); err != nil {
					t.Fatal(err)
				}
			}
			if random.IntN(10) == 0 {
				w.live(random, 3)
				agree(t, w, from, Moment{})
			}
		}
	})
}

func TestANearMomentReadsOnlyTheRecordsBetween(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range byte(40) {
			w.online(i, fmt.Sprintf("u%d@localhost", i), "x")
		}
		w.keyframe(20)
		log := &countingLog{Log: w}
		from := Archive{Log: log, Keyframes: w.frames, Memory: &Memory{stride: 10}}
		for _, c := range []struct {
			what string
			seq  events.Seq
			most int // a record more than that tells whether it is the same log
		}{
			{"from the keyframe on, whose record is looked at", 90, 70},
			{"the same once more", 90, 0}, {"one step on", 91, 1}, {"one back", 90, 0}, {"another", 89, 9},
			{"far back", 41, 1}, {"before all that were asked about", 15, 15}, {"and on from there", 16, 1},
		} {
			log.read = 0
			agree(t, w, from, Moment{Seq: c.seq})
			if log.read > c.most+1 {
				t.Errorf("%s, to %d: %d records were read", c.what, c.seq, log.read)
			}
		}
	})
}

// rewind cuts the log, as a restored backup would, and lets it go on differently.
func (w *world) rewind(random *rand.Rand, to events.Seq) {
	w.t.Helper()
	w.Rewind(to)
	w.moments, w.accounts = w.moments[:to], map[events.JID]*session.Account{}
	for st, err := range w.Read(w.t.Context(), events.Range{}) {
		if err != nil {
			nothing := events.Record{JID: jid("alice@localhost"), Event: events.Unknown{}}
			poison, _ := errors.AsType[*events.PoisonError](err)
			st = &events.Stored{Record: nothing, Seq: poison.Seq}
			if w.accounts[st.JID] == nil {
				continue
			}
		}
		w.accounts[st.Account()] = session.Apply(w.accounts[st.Account()], st)
	}
	w.live(random, 20)
}

func TestWhatIsKeptOfALogThatWasCutIsOfNoUse(t *testing.T) {
	inHistories(t, func(t *testing.T, w *world, random *rand.Rand) {
		from := w.archive()
		from.Memory = &Memory{stride: 5}
		for range 4 {
			for range 20 {
				agree(t, w, from, w.sometime(random))
			}
			w.rewind(random, w.somewhere(random))
		}
	})
}

func TestWhatIsKeptOfAnotherLogIsOfNoUse(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		from := w.archive()
		from.Memory = &Memory{}
		agree(t, w, from, Moment{Seq: 2})
		other := *w
		other.Log, other.accounts, other.moments = bustest.NewLog(), map[events.JID]*session.Account{}, nil
		other.online(2, "bob@localhost", "desk")
		from.Log, from.Keyframes = &other, nil
		aged := from // whose record before the first can't be compared
		aged.Log = agedLog{&other, 3}
		if past, err := At(t.Context(), aged, Moment{Seq: 3}); err != nil || past.Account(jid("alice@localhost")) != nil {
			t.Errorf("%v, %v", past, err)
		}
		agree(t, &other, from, Moment{Seq: 2})
		agree(t, &other, from, Moment{Seq: 3})
	})
}

// Where retention has removed the record of a table that is kept, or more, questions about
// moments that are left get what they would get without.
func TestWhatIsKeptOfALogThatAges(t *testing.T) {
	inHistories(t, func(t *testing.T, w *world, random *rand.Rand) {
		memory := &Memory{stride: 3}
		for range 20 {
			agree(t, w, Archive{Log: w, Keyframes: w.frames, Memory: memory}, w.sometime(random))
		}
		for first := events.Seq(1); first < w.last(); first += events.Seq(1 + random.IntN(20)) {
			aged := Archive{Log: agedLog{w, first}, Keyframes: w.frames, Memory: memory}
			m := Moment{Seq: first + events.Seq(random.IntN(int(w.last()-first)+1))}
			without := aged
			without.Memory = nil
			want, err := At(t.Context(), without, m)
			if err != nil {
				t.Fatal(err)
			}
			got, err := At(t.Context(), aged, m)
			if err != nil {
				t.Fatal(err)
			}
			_, hash := got.Hash()
			if _, expected := want.Hash(); got.Whole == want.Whole && hash != expected || want.Whole && !got.Whole {
				t.Fatalf("from %d on, %s: the hash is %s, want %s; whole: %v and %v", first, m, hash, expected, got.Whole, want.Whole)
			}
			if got.Whole && !want.Whole { // it remembers what the log has forgotten
				agree(t, w, Archive{Log: w, Keyframes: w.frames}, m)
			}
			if _, err := At(t.Context(), aged, Moment{Seq: first - 1}); first > 1 && !errors.Is(err, ErrForgotten) {
				t.Fatalf("from %d on, the moment before: %v", first, err)
			}
		}
	})
}

func TestAMemoryIsBounded(t *testing.T) {
	t.Parallel()
	seqs := func(y *Memory) (all []events.Seq) {
		for _, k := range y.kept {
			all = append(all, k.Seq)
		}
		return all
	}
	table := func(seq events.Seq, sessions int) *kept {
		return &kept{mark: mark{Keyframe: events.Keyframe{Seq: seq}}, past: Past{Table: projector.NewPastTable()}, sessions: sessions}
	}
	y := &Memory{}
	for seq := range events.Seq(2 * maxKept) {
		y.keep(table(seq+1, 10))
	}
	if got := seqs(y); len(got) != maxKept || got[0] != maxKept+1 {
		t.Errorf("%d tables are kept, from %d on", len(got), got[0])
	}
	y.forget()
	for seq := range events.Seq(5) {
		y.keep(table(seq+1, maxKeptSessions/4))
	}
	created := events.Info{Created: time.Unix(0, 0), First: 1}
	if k := y.nearest(created, events.Range{To: 2}); k == nil || k.Seq != 2 {
		t.Errorf("nearest to 2 is %v", k)
	}
	y.keep(table(6, maxKeptSessions/4))
	if got := seqs(y); !slices.Equal(got, []events.Seq{4, 5, 2, 6}) {
		t.Errorf("kept are %v", got)
	}
	y.keep(table(7, maxKeptSessions+1))
	if got := seqs(y); len(got) != 0 {
		t.Errorf("kept beside one that is too large: %v", got)
	}
}

// tables is how many it keeps.
func (y *Memory) tables() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return len(y.kept)
}

func TestAMemoryForgetsWhenNobodyAsks(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		from := w.archive()
		from.Memory = &Memory{}
		agree(t, w, from, Moment{Seq: 2})
		time.Sleep(keptFor - time.Second)
		agree(t, w, from, Moment{Seq: 2})
		time.Sleep(keptFor - time.Second)
		synctest.Wait()
		if from.Memory.tables() == 0 {
			t.Error("nothing is kept though somebody has asked")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if from.Memory.tables() != 0 {
			t.Error("it is kept for ever")
		}
		agree(t, w, from, Moment{Seq: 3})
	})
}

// Whoever asks the same at the same time waits for the answer, and nothing is read twice.
func TestTheSameQuestionIsReadForOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range byte(10) {
			w.online(i, fmt.Sprintf("u%d@localhost", i), "x")
		}
		log := &slowLog{Log: w}
		from := Archive{Log: log, Memory: &Memory{}}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if past, err := At(t.Context(), from, Moment{Seq: 25}); err != nil || past.Position().Seq != 25 {
					t.Errorf("%v, %v", past, err)
				}
			})
		}
		synctest.Wait()
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := At(ctx, from, Moment{Seq: 25}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("whoever gives up gets %v", err)
			}
		})
		all.Wait()
		if n := log.read.Load(); n > 25+4 {
			t.Errorf("%d records were read", n)
		}
	})
}

// A slowLog takes a minute for a record.
type slowLog struct {
	events.Log
	read atomic.Int64
}

func (l *slowLog) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range l.Log.Read(ctx, r) {
			l.read.Add(1)
			if <-time.After(time.Minute); !yield(st, err) {
				return
			}
		}
	}
}
