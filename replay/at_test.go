package replay

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestTheTableOfTheEndIsTheProjectorsOwn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.poison()
		w.online(2, "bob@localhost", "desk")
		live := projector.NewTable()
		ctx, stop := context.WithCancel(t.Context())
		p, err := projector.New(projector.Config{Log: w, Table: live})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- p.Run(ctx) }()
		<-p.CaughtUp()
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		past, err := At(t.Context(), Archive{Log: w}, Moment{})
		if err != nil {
			t.Fatal(err)
		}
		_, want := live.Hash()
		if at, got := past.Hash(); got != want || at.Seq != w.last() {
			t.Errorf("at %d the hash is %s, want that at %d, %s", at.Seq, got, w.last(), want)
		}
		if s := past.Stats(); s.Poison != 1 || !past.Whole {
			t.Errorf("%+v, whole: %v", s, past.Whole)
		}
	})
}

func TestTheTableOfAMomentHoldsWhatWasStoredByThen(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone") // 1 to 3
		w.do("alice@localhost", session.Close{Session: sid(1)})
		full := jid("alice@localhost/phone")
		for _, c := range []struct {
			name      string
			moment    Moment
			seq       events.Seq
			bound     bool
			available bool
		}{
			{"by sequence, before the bind", Moment{Seq: 1}, 1, false, false},
			{"by sequence, at the bind", Moment{Seq: 2}, 2, true, false},
			{"by sequence, at the presence", Moment{Seq: 3}, 3, true, true},
			{"by sequence, at the end", Moment{Seq: 4}, 4, false, false},
			{"by time, before anything", Moment{Time: w.at(1).Add(-1)}, 0, false, false},
			{"by time, just before the bind", Moment{Time: w.at(2).Add(-1)}, 1, false, false},
			{"by time, at the bind", Moment{Time: w.at(2)}, 2, true, false},
			{"by time, between two events", Moment{Time: w.at(3).Add(time.Millisecond)}, 3, true, true},
			{"now", Moment{}, 4, false, false},
		} {
			past, err := At(t.Context(), Archive{Log: w}, c.moment)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			s := past.Session(full)
			if past.Position().Seq != c.seq || (s != nil) != c.bound || s != nil && s.Available() != c.available {
				t.Errorf("%s: at %d there is %+v", c.name, past.Position().Seq, s)
			}
			one, err := AccountAt(t.Context(), Archive{Log: w}, full, c.moment)
			if err != nil || (one.Resource("phone") != nil) != c.bound || len(one.Available()) > 0 != c.available {
				t.Errorf("%s: the account alone is %+v, %v", c.name, one, err)
			}
		}
	})
}

func TestTheFutureIsNotKnown(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		for _, m := range []Moment{{Seq: w.last() + 1}, {Time: time.Now().Add(1)}} {
			if _, err := At(t.Context(), Archive{Log: w}, m); !errors.Is(err, ErrFuture) {
				t.Errorf("%s: %v", m, err)
			}
			if _, err := AccountAt(t.Context(), Archive{Log: w}, jid("alice@localhost"), m); !errors.Is(err, ErrFuture) {
				t.Errorf("an account at %s: %v", m, err)
			}
		}
	})
}

func TestWhatRetentionHasRemovedIsNotMadeUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.online(2, "bob@localhost", "desk")
		aged := agedLog{w, 4}
		for _, m := range []Moment{{Seq: 3}, {Time: w.at(4).Add(-1)}} {
			if _, err := At(t.Context(), Archive{Log: aged}, m); !errors.Is(err, ErrForgotten) {
				t.Errorf("%s: %v", m, err)
			}
		}
		for _, m := range []Moment{{Seq: 6}, {Time: w.at(6)}, {}} {
			past, err := At(t.Context(), Archive{Log: aged}, m)
			if err != nil {
				t.Fatalf("%s: %v", m, err)
			}
			if past.Whole {
				t.Errorf("%s: said to be whole", m)
			}
			if past.Session(jid("bob@localhost/desk")) == nil {
				t.Errorf("%s: what is left is not there", m)
			}
		}
	})
}

func TestThePastHasTheSessionsThatWereRepeated(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.online(2, "bob@localhost", "desk")
		w.refresh("alice@localhost") // 7
		w.refresh("bob@localhost")   // 8
		whole, err := At(t.Context(), Archive{Log: w}, Moment{})
		if err != nil {
			t.Fatal(err)
		}
		_, want := whole.Hash()
		for first := events.Seq(1); first <= 7; first++ {
			past, err := At(t.Context(), Archive{Log: agedLog{w, first}}, Moment{Seq: 8})
			if err != nil {
				t.Fatal(err)
			}
			if _, got := past.Hash(); got != want {
				t.Errorf("from %d on: hash %s, want %s", first, got, want)
			}
		}
	})
}

func TestThePastGoesOnWhereItEnded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		past, err := At(t.Context(), Archive{Log: w}, Moment{})
		if err != nil {
			t.Fatal(err)
		}
		w.online(2, "bob@localhost", "desk")
		w.do("bob@localhost", session.Close{Session: sid(2)})
		for _, to := range []events.Seq{2, 6} { // where it is already, and beyond
			if err := past.Extend(t.Context(), w, to); err != nil {
				t.Fatal(err)
			}
		}
		if past.Position().Seq != 6 || past.Session(jid("bob@localhost/desk")) == nil {
			t.Errorf("at %d bob is not there", past.Position().Seq)
		}
		if err := past.Extend(t.Context(), w, w.last()+1); !errors.Is(err, ErrFuture) {
			t.Errorf("beyond the end: %v", err)
		}
	})
}

// Whoever compares tables must know which sessions the rest of a log tells of.
func TestThePastSaysWhenTheRestOfTheLogBegins(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		begins := func() int64 {
			past, err := At(t.Context(), Archive{Log: w}, Moment{})
			if err != nil {
				t.Fatal(err)
			}
			return past.Begins
		}
		if at := begins(); at != 0 {
			t.Errorf("the whole log begins at %d", at)
		}
		w.Retain(1500 * time.Millisecond)
		if at := begins(); at != w.at(2).UnixNano() {
			t.Errorf("the rest begins at %d, want %d", at, w.at(2).UnixNano())
		}
		<-time.After(time.Hour)
		if at := begins(); at != time.Now().UnixNano() {
			t.Errorf("nothing begins at %d, want %d", at, time.Now().UnixNano())
		}
	})
}

func TestAnEmptyLogHasAnEmptyTable(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		past, err := At(t.Context(), Archive{Log: w}, Moment{})
		if err != nil || past.Stats().Accounts != 0 || !past.Whole {
			t.Errorf("%+v, %v", past, err)
		}
		if a, err := AccountAt(t.Context(), Archive{Log: w}, jid("alice@localhost"), Moment{}); a != nil || err != nil {
			t.Errorf("%+v, %v", a, err)
		}
	})
}

func TestALogThatCannotBeReadGivesNoTable(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.Partition(true)
		if _, err := At(t.Context(), Archive{Log: w}, Moment{}); !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("At: %v", err)
		}
		if _, err := AccountAt(t.Context(), Archive{Log: w}, jid("alice@localhost"), Moment{}); !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("AccountAt: %v", err)
		}
	})
}

func TestAReadingThatIsCutShortGivesNoTable(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		ctx, cancel := context.WithCancel(t.Context())
		cut := cutLog{w.Log, cancel}
		if _, err := At(ctx, Archive{Log: cut}, Moment{}); !errors.Is(err, context.Canceled) {
			t.Errorf("At: %v", err)
		}
	})
}

// A cutLog's context ends when somebody begins to read it.
type cutLog struct {
	*bustest.Log
	cancel context.CancelFunc
}

func (l cutLog) Read(context.Context, events.Range) iter.Seq2[*events.Stored, error] {
	l.cancel()
	return func(func(*events.Stored, error) bool) {}
}
