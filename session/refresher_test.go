package session_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// refreshing runs a test of a connector that repeats its sessions in a log of
// some age, in virtual time.
func refreshing(t *testing.T, age time.Duration, test func(*testing.T, *node, *bustest.Log)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := bustest.NewLog()
		log.Retain(age)
		n := newNode(t, log, "c1")
		ctx, stop := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer stop()
		go n.table.follow(ctx)
		go n.Refresh(ctx, n.table)
		synctest.Wait()
		test(t, n, log)
	})
}

// known is what a process that starts now knows of alice.
func known(t *testing.T, log events.Log) string {
	t.Helper()
	late := newTable(log)
	if err := late.fold(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	return fingerprint(late.Account(alice))
}

// refreshedAt is when those records that repeat sessions and are left were
// stored.
func refreshedAt(t *testing.T, log events.Log) (at []time.Time) {
	t.Helper()
	for st, err := range log.Read(t.Context(), events.Range{}) {
		if err != nil {
			t.Fatal(err)
		}
		if st.Event.Kind() == events.KindRefreshed {
			at = append(at, st.StoredAt())
		}
	}
	return at
}

func TestASessionIsKnownToWhoeverStartsAsLongAsItLasts(t *testing.T) {
	refreshing(t, time.Hour, func(t *testing.T, n *node, log *bustest.Log) {
		time.Sleep(17 * time.Minute) // somewhere in a round
		n.login("s1", "k1")
		n.must("k1", session.RequestRoster{Session: id("s1")})
		n.must("k1", session.BecomeAvailable{Session: id("s1"), Priority: 3, Stanza: "<presence/>"})
		n.must("k1", session.DirectPresence{Session: id("s1"), To: mustJID("bob@example.org"), Available: true})
		for minute := range 12 * 60 {
			time.Sleep(time.Minute)
			synctest.Wait()
			switch minute {
			case 5 * 60:
				n.must("k1", session.Detach{Session: id("s1"), Now: 1 << 62})
			case 6 * 60:
				n.must("k2", session.Authenticate{Session: id("s2"), AsOf: 1 << 62})
				n.must("k2", session.Resume{Session: id("s2"), Previous: id("s1"), TokenHash: "s1"})
			}
			synctest.Wait()
			if got, want := known(t, log), fingerprint(n.table.Account(alice)); got != want || got == "" {
				t.Fatalf("after %d minutes it is known as\n%sand is\n%s", minute, got, want)
			}
		}
		n.must("k2", session.Close{Session: id("s1")})
		time.Sleep(time.Hour)
		if got := refreshedAt(t, log); len(got) > 0 || known(t, log) != "" {
			t.Errorf("what was closed is repeated at %v", got)
		}
	})
}

// An interruption of the log of a third of its age costs nothing.
func TestASessionIsKnownAfterTheLogWasAway(t *testing.T) {
	refreshing(t, time.Hour, func(t *testing.T, n *node, log *bustest.Log) {
		n.login("s1", "k1")
		for range 4 {
			time.Sleep(50 * time.Minute)
			log.Partition(true)
			time.Sleep(20 * time.Minute)
			log.Partition(false)
			if known(t, log) == "" {
				t.Fatal("it is not known")
			}
		}
	})
}

func TestTheSessionsOfAConnectorAreRepeatedEvenly(t *testing.T) {
	refreshing(t, 6*time.Hour, func(t *testing.T, n *node, log *bustest.Log) {
		const sessions = 600
		for i := range sessions {
			s := id(fmt.Sprintf("s%d", i))
			if _, _, err := n.Do(t.Context(), mustJID(fmt.Sprintf("u%d@example.org", i)), connID("k"), session.Authenticate{Session: s}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		perMinute := map[time.Duration]int{}
		all := refreshedAt(t, log)
		for _, at := range all {
			perMinute[at.Sub(all[0]).Truncate(time.Minute)]++
		}
		if len(all) < 3*sessions {
			t.Errorf("%d records in five hours", len(all))
		}
		for minute, n := range perMinute {
			if n > 11 {
				t.Errorf("%d in the minute at %v", n, minute)
			}
		}
	})
}

func TestALoginThatSoonEndsAndALogWithoutALimitCostNothing(t *testing.T) {
	refreshing(t, time.Hour, func(t *testing.T, n *node, log *bustest.Log) {
		n.login("s1", "k1")
		time.Sleep(10 * time.Minute)
		n.must("k1", session.Close{Session: id("s1")})
		log.Retain(0)
		time.Sleep(time.Minute)
		n.login("s2", "k2")
		time.Sleep(240 * time.Hour)
		if at := refreshedAt(t, log); len(at) > 0 {
			t.Errorf("repeated at %v", at)
		}
	})
}

// An operator may shorten the log's age. Older records are gone at once.
func TestASessionIsKnownAgainSoonAfterTheLogsAgeWasShortened(t *testing.T) {
	refreshing(t, 720*time.Hour, func(t *testing.T, n *node, log *bustest.Log) {
		n.login("s1", "k1")
		time.Sleep(100 * time.Hour)
		log.Retain(6 * time.Second)
		time.Sleep(6 * time.Second)
		for range 100 {
			if known(t, log) == "" {
				t.Fatal("it is not known")
			}
			time.Sleep(time.Second)
		}
	})
}

func TestAConnectorRepeatsItsOwnSessionsOnly(t *testing.T) {
	refreshing(t, time.Hour, func(t *testing.T, n *node, log *bustest.Log) {
		other := newNode(t, log, "c2")
		other.login("s1", "k1")
		n.must("k2", session.Authenticate{Session: id("s2")})
		n.must("k2", session.Bind{Session: id("s2"), Resource: "web"})
		time.Sleep(59 * time.Minute)
		n.must("k2", session.BecomeAvailable{Session: id("s2")})
		for st, err := range log.Read(t.Context(), events.Range{}) {
			if err != nil || st.Event.Kind() == events.KindRefreshed && st.Session != id("s2") {
				t.Errorf("%s is repeated, %v", nameOf(st.Session), err)
			}
		}
		if len(refreshedAt(t, log)) == 0 {
			t.Error("nothing is repeated")
		}
	})
}
