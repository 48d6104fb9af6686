package connector_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// deathTime is the time within which a killed connector's sessions are closed.
const deathTime = 10 * time.Second

func TestAKilledConnectorIsCleanedUpWithinTenSeconds(t *testing.T) {
	t.Parallel()
	for phase := time.Duration(0); phase < renewEvery; phase += renewEvery / 8 { // since the last renewal
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			dead, survivor := w.start("c1", "disk"), w.start("c2", "disk2")
			synctest.Wait()
			dead.login("alice")
			time.Sleep(10*renewEvery + phase)
			dead.away.Store(true)
			time.Sleep(deathTime)
			w.wantEnds("alice", events.ReasonConnectorLost)
			survivor.halt()
			dead.halt()
		})
	}
}

func TestAFrozenConnectorsLeaseLastsToItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		frozen, survivor := w.start("c1", "disk"), w.start("c2", "disk2")
		synctest.Wait()
		frozen.login("alice")
		frozen.frozen.Store(true)
		time.Sleep(ttl - renewEvery - time.Second)
		w.wantEnds("alice")
		time.Sleep(deathTime)
		w.wantEnds("alice", events.ReasonConnectorLost)
		if n := w.leases.revocations(); n != 0 {
			t.Errorf("%d leases were revoked of holders that have their connections", n)
		}
		survivor.halt()
		frozen.halt()
	})
}

// A node of NATS that dies takes connections with it, and the leader of the leases:
// a connector that reaches another node in time keeps its lease, however long the
// election takes.
func TestAnElectionCutsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		all := []*process{w.start("c1", "disk"), w.start("c2", "disk2"), w.start("c3", "disk3")}
		synctest.Wait()
		all[0].login("alice")
		all[1].login("bob")
		for _, election := range []time.Duration{7 * time.Second, 15 * time.Second, 30 * time.Second} {
			w.leases.electing.Store(true)
			all[0].away.Store(true)
			time.Sleep(2 * time.Second)
			all[0].away.Store(false)
			time.Sleep(election)
			w.leases.electing.Store(false)
			time.Sleep(time.Minute)
		}
		for _, p := range all {
			if told := p.told(); len(told.begun) != 1 || len(told.suspended) > 0 {
				t.Errorf("%s was cut: %+v", p.name, told)
			}
		}
		w.wantEnds("alice")
		w.wantEnds("bob")
		for _, p := range all {
			p.halt()
		}
	})
}

func TestAHolderThatIsBackInTimeIsNotDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p, other := w.start("c1", "disk"), w.start("c2", "disk2")
		synctest.Wait()
		p.login("alice")
		for range 10 {
			p.away.Store(true)
			time.Sleep(3 * time.Second)
			p.away.Store(false)
			time.Sleep(renewEvery)
		}
		w.wantEnds("alice")
		if n := w.leases.revocations(); n != 0 {
			t.Errorf("%d leases were revoked", n)
		}
		p.halt()
		other.halt()
	})
}

// A connector that was taken for dead and lives learns it with its connection.
func TestAConnectorThatWasTakenForDeadEndsItsStreamsAsSoonAsItIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p, other := w.start("c1", "disk"), w.start("c2", "disk2")
		synctest.Wait()
		p.login("alice")
		p.away.Store(true)
		time.Sleep(deathTime)
		w.wantEnds("alice", events.ReasonConnectorLost)
		back := time.Now()
		p.away.Store(false)
		time.Sleep(5 * time.Second)
		told := p.told()
		if len(told.suspended) != 1 || told.suspended[0].Sub(back) > renewEvery {
			t.Errorf("back at %v, it was suspended at %v", back, told.suspended)
		}
		if len(told.begun) != 2 {
			t.Errorf("it does not serve again: %+v", told.begun)
		}
		p.halt()
		other.halt()
	})
}

func TestTheNameOfADeadHolderIsFreeForAnotherInstance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		dead := w.start("c1", "disk")
		synctest.Wait()
		dead.login("alice")
		dead.away.Store(true)
		next := w.start("c1", "another disk") // as in a container whose disk is gone
		time.Sleep(deathTime)
		if told := next.told(); len(told.begun) != 1 || told.begun[0].ended != 1 {
			t.Errorf("it began with %+v, want once and after one end", told.begun)
		}
		next.halt()
		dead.halt()
	})
}

func TestANameIsNotTakenFromAHolderThatIsFrozen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		frozen := w.start("c1", "disk")
		synctest.Wait()
		frozen.frozen.Store(true)
		next := w.start("c1", "another disk")
		<-next.ended
		if !errors.Is(next.err, events.ErrHeld) {
			t.Errorf("it ended with %v", next.err)
		}
		frozen.frozen.Store(false)
		frozen.halt()
	})
}
