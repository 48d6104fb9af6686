package session_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestAnEndIsRepeatedUntilTheLogTakesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		n := newNode(t, log, "c1")
		n.login("s1", "k1")
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go n.Run(ctx)
		log.Partition(true)
		n.End(ctx, alice, connID("k1"), session.Close{Session: id("s1")})
		time.Sleep(time.Hour)
		if n.Pending() != 1 {
			t.Fatalf("%d ends are to be written", n.Pending())
		}
		log.Partition(false)
		time.Sleep(2 * time.Second)
		if n.Pending() != 0 {
			t.Errorf("%d ends are to be written though the log is back", n.Pending())
		}
		wantHistory(t, log, events.KindAuthenticated, events.KindBound, events.KindStreamManagementEnabled, events.KindClosed)
	})
}

func TestAFencedConnectorWritesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		n := newNode(t, log, "c1")
		n.login("s1", "k1")
		log.Partition(true)
		n.End(t.Context(), alice, connID("k1"), session.Close{Session: id("s1")})
		n.end()
		log.Partition(false)
		n.Run(t.Context()) // returns
		n.fails(session.RequestRoster{Session: id("s1")}, session.ErrFenced)
		n.End(t.Context(), alice, connID("k1"), session.Close{Session: id("s1")})
		n.Drain(t.Context())
		wantHistory(t, log, events.KindAuthenticated, events.KindBound, events.KindStreamManagementEnabled)
	})
}

// Run may have the ends in its hands when the connector is stopped.
func TestDrainWaitsForWhatRunIsAt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		n := newNode(t, log, "c1")
		n.login("s1", "k1")
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		log.Partition(true)
		n.End(ctx, alice, connID("k1"), session.Close{Session: id("s1")})
		log.Partition(false)
		log.Inject(bustest.Faults{Delay: 2 * time.Second})
		go n.Run(ctx)
		synctest.Wait()
		if n.Pending() != 1 {
			t.Errorf("%d ends are pending while Run is at one", n.Pending())
		}
		n.Drain(ctx)
		if n.Pending() != 0 {
			t.Errorf("%d ends are pending after Drain", n.Pending())
		}
		log.Inject(bustest.Faults{})
		wantHistory(t, log, events.KindAuthenticated, events.KindBound, events.KindStreamManagementEnabled, events.KindClosed)
	})
}

func TestACommandWaitsForEarlierOnesNoLongerThanItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		n := newNode(t, log, "c1")
		log.Inject(bustest.Faults{LostRequest: 1})
		start := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { n.Do(t.Context(), alice, events.ConnID{}, session.CreateAccount{}) })
		}
		all.Wait()
		if d := time.Since(start); d > events.MaxOutage+time.Second {
			t.Errorf("20 commands on a silent log took %v", d)
		}
	})
}

// The sessions that a lost connector held end once, however many others reap.
func TestReapingEndsEverySessionOnce(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	lost := newNode(t, log, "c1")
	lost.login("s1", "k1")
	lost.must("k2", session.Authenticate{Session: id("s2")})
	lost.end()
	var all sync.WaitGroup
	for _, name := range []string{"c2", "c3", "c4"} {
		n := newNode(t, log, name)
		if err := n.table.fold(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			if accounts, err := n.Reap(t.Context(), n.table, lost.Connector()); err != nil || accounts > 1 {
				t.Errorf("%s: %d accounts, %v", name, accounts, err)
			}
		})
	}
	all.Wait()
	if got := kindsOf(t, log); len(got) != 6 {
		t.Errorf("the history is %v", got)
	}
}
