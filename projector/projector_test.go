package projector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestObserversSeeTheLiveTailAndNotThePast(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	past := w.last()
	var seen []events.Seq
	p, stop := run(t, Config{Log: w.log, Table: NewTable(), Observe: func(_, after *session.Account, st *events.Stored) {
		if after.Seq != st.Seq {
			t.Errorf("told of %d with the account at %d", st.Seq, after.Seq)
		}
		seen = append(seen, st.Seq)
	}})
	<-p.CaughtUp()
	w.online(2, "bob@localhost", "a", 0)
	if err := p.cfg.Table.WaitFor(t.Context(), at(w.last())); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if want := []events.Seq{past + 1, past + 2, past + 3}; !slices.Equal(seen, want) {
		t.Errorf("told of %v, want %v", seen, want)
	}
}

func TestAnObserverIsToldWhatChanged(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	table := NewTable()
	closed := make(chan *session.Session, 1)
	p, _ := run(t, Config{Log: w.log, Table: table, Observe: func(before, after *session.Account, st *events.Stored) {
		if table.Account(st.JID) != after {
			t.Error("the table does not show what the observer is told")
		}
		if after.Session(st.Session) == nil {
			closed <- before.Session(st.Session)
		}
	}})
	<-p.CaughtUp()
	w.must("alice@localhost", session.Close{Session: sid(1)})
	if s := <-closed; s == nil || !s.Available() {
		t.Errorf("the session before its end was %+v", s)
	}
}

// The stanzas that an observer hands on must come before those sent by whoever
// waited for the same record.
func TestWaitersGoAfterTheObserverReturned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newScribe()
		table := NewTable()
		entered, leave := make(chan struct{}), make(chan struct{})
		p, _ := run(t, Config{Log: w.log, Table: table, Observe: func(_, _ *session.Account, st *events.Stored) {
			close(entered)
			<-leave
		}})
		<-p.CaughtUp()
		w.must("alice@localhost", session.Authenticate{Session: sid(1)})
		<-entered
		if table.Account(jid("alice@localhost")) == nil {
			t.Error("the observer does not find in the table what it is told")
		}
		waited := make(chan error, 1)
		go func() { waited <- table.WaitFor(t.Context(), at(1)) }()
		synctest.Wait()
		if len(waited) != 0 {
			t.Error("a waiter left before the observer returned")
		}
		close(leave)
		if err := <-waited; err != nil {
			t.Error(err)
		}
	})
}

func TestAnEmptyLogIsCaughtUpWithAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, _ := run(t, Config{Log: newTestLog(), Table: NewTable()})
		<-p.CaughtUp()
	})
}

func TestALogOfWhichRetentionHasRemovedAllIsCaughtUpWithAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newTestLog()
		l.aged = 70
		p, _ := run(t, Config{Log: l, Table: NewTable()})
		<-p.CaughtUp()
		if err := p.cfg.Table.WaitFor(t.Context(), at(70)); err != nil {
			t.Error(err)
		}
	})
}

func TestUntilItHasCaughtUpAProjectorDoesNotSaySo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newScribe()
		w.online(1, "alice@localhost", "a", 0)
		whole := w.log.entries
		slow := newTestLog()
		slow.entries = whole[:len(whole):len(whole)]
		p := newProjector(t, Config{Log: slow, Table: NewTable()})
		info, _ := slow.Info(t.Context())
		p.begin(t.Context(), info, nil)
		for i := range w.stored {
			select {
			case <-p.CaughtUp():
				t.Errorf("caught up before record %d", i+1)
			default:
			}
			p.fold(t.Context(), &w.stored[i])
		}
		<-p.CaughtUp()
	})
}

// Whoever waits for a projector must not wait for one that will never get there.
func TestTheWaitForAProjectorEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		never := func() *Projector { return newProjector(t, Config{Log: newTestLog(), Table: NewTable()}) }
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := never().CatchUp(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("when the caller gives up: %v", err)
		}
		p := never()
		p.Run(ctx)
		if err := p.CatchUp(t.Context()); !errors.Is(err, ErrStopped) {
			t.Errorf("when it has stopped: %v", err)
		}
		p, _ = run(t, Config{Log: newTestLog(), Table: NewTable()})
		if err := p.CatchUp(t.Context()); err != nil {
			t.Errorf("when it runs: %v", err)
		}
	})
}

func TestPoisonIsCountedShownAndPassedOver(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.log.add(entry{seq: 1, err: &events.PoisonError{Seq: 1, At: 7, Data: []byte{1}, Err: events.ErrUndecodable}})
	st := events.Record{ID: events.EventID(sid(9)), Session: sid(1), JID: jid("alice@localhost"), Event: events.Authenticated{}}
	w.log.add(entry{seq: 2, at: 8, data: st.Append(nil)})
	table := NewTable()
	run(t, Config{Log: w.log, Table: table})
	if err := table.WaitFor(t.Context(), at(2)); err != nil {
		t.Fatal(err)
	}
	s := table.Stats()
	if s.Poison != 1 || s.Records != 1 || len(s.Faults) != 1 || s.Faults[0].Seq != 1 || s.Faults[0].At != 7 {
		t.Errorf("got %+v", s)
	}
}

func TestPoisonAtTheEndOfThePastDoesNotKeepAProjectorWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newTestLog()
		l.add(entry{seq: 1, err: &events.PoisonError{Seq: 1, Err: events.ErrUndecodable}})
		p, _ := run(t, Config{Log: l, Table: NewTable()})
		<-p.CaughtUp()
		if err := p.cfg.Table.WaitFor(t.Context(), at(1)); err != nil {
			t.Error(err)
		}
	})
}

func TestAnInterruptionIsSatOutAndAnythingElseEndsTheRun(t *testing.T) {
	t.Parallel()
	rewound := errors.New("not the log that was read before")
	w := newScribe()
	w.log.add(entry{err: fmt.Errorf("follow: %w", events.ErrUnavailable)})
	w.online(1, "alice@localhost", "a", 0)
	w.log.add(entry{err: rewound})
	p := newProjector(t, Config{Log: w.log, Table: NewTable()})
	if err := p.Run(t.Context()); !errors.Is(err, rewound) {
		t.Errorf("Run: %v", err)
	}
	if got := p.cfg.Table.Position().Seq; got != w.last() {
		t.Errorf("the table is at %d", got)
	}
}

func TestALogThatDoesNotAnswerAtTheStartIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newScribe()
		w.online(1, "alice@localhost", "a", 0)
		w.log.info = []error{events.ErrUnavailable, events.ErrUnavailable}
		p, stop := run(t, Config{Log: w.log, Table: NewTable()})
		<-p.CaughtUp()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestAProjectorThatNeverReachesItsLogStopsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newTestLog()
		for range 1000 {
			l.info = append(l.info, events.ErrUnavailable)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := newProjector(t, Config{Log: l, Table: NewTable()}).Run(ctx); err != nil {
			t.Error(err)
		}
	})
}
