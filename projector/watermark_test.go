package projector

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestWaitForReturnsAtOnceForWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	table := w.table()
	for _, p := range []events.Position{{}, at(1), at(w.last()), {Seq: w.last()}} {
		if err := table.WaitFor(t.Context(), p); err != nil {
			t.Errorf("%v: %v", p, err)
		}
	}
	if got := table.Position(); got != at(w.last()) {
		t.Errorf("the position is %v", got)
	}
}

func TestWaitersGoInTheOrderOfTheirSequences(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newScribe()
		w.online(1, "alice@localhost", "a", 0)
		table := NewTable()
		gone := map[events.Seq]bool{}
		arrived := make(chan events.Seq, 3)
		for _, seq := range []events.Seq{3, 1, 2} {
			go func() {
				if err := table.WaitFor(t.Context(), at(seq)); err != nil {
					t.Error(err)
				}
				arrived <- seq
			}()
		}
		synctest.Wait()
		for i := range w.stored {
			if len(arrived) != 0 {
				t.Fatalf("somebody left before record %d", i+1)
			}
			table.Fold(&w.stored[i])
			synctest.Wait()
			gone[<-arrived] = true
			if !gone[events.Seq(i+1)] {
				t.Fatalf("after record %d there went %v", i+1, gone)
			}
		}
	})
}

func TestWaitForEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		table := NewTable()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- table.WaitFor(ctx, at(1)) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if n := len(table.watermark.waiters); n != 0 {
			t.Errorf("%d waiters are left behind", n)
		}
	})
}

func TestWaitForRefusesThePositionOfAnotherStream(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	err := w.table().WaitFor(t.Context(), events.Position{Stream: "RC_OTHER", Seq: 1})
	if !errors.Is(err, ErrOtherStream) {
		t.Errorf("got %v", err)
	}
}

func TestNobodyWaitsOnceNobodyFolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newScribe()
		w.online(1, "alice@localhost", "a", 0)
		table := NewTable()
		p, stop := run(t, Config{Log: w.log, Table: table})
		<-p.CaughtUp()
		early := make(chan error)
		go func() { early <- table.WaitFor(context.Background(), at(w.last()+1)) }()
		synctest.Wait()
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := <-early; !errors.Is(err, ErrStopped) {
			t.Errorf("who waited before got %v", err)
		}
		if err := table.WaitFor(context.Background(), at(w.last()+1)); !errors.Is(err, ErrStopped) {
			t.Errorf("who came after got %v", err)
		}
		if err := table.WaitFor(context.Background(), at(w.last())); err != nil {
			t.Errorf("what is there is refused: %v", err)
		}
	})
}
