package connector_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/connector"
)

func TestAConnectorClosesWhatItsPredecessorLeftBeforeItServes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		dead := w.start("c1", "disk")
		synctest.Wait()
		dead.login("alice")
		dead.login("bob")
		dead.away.Store(true) // as after kill -9

		next := w.start("c1", "disk")
		synctest.Wait()
		if len(next.told().begun) != 1 || next.told().begun[0].ended != 2 {
			t.Errorf("it began with %+v, want once and after two ends", next.told().begun)
		}
		w.wantEnds("alice", events.ReasonConnectorLost)
		w.wantEnds("bob", events.ReasonConnectorLost)
		next.login("alice")
		next.halt()
		dead.halt()
	})
}

func TestAStoppedConnectorEndsItsSessionsAndGivesTheNameBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.process("c1", "disk")
		besideEnded := make(chan []events.Reason, 1)
		p.beside = func(ctx context.Context) error {
			<-ctx.Done()
			besideEnded <- w.ends("alice")
			return ctx.Err()
		}
		p.start()
		synctest.Wait()
		p.login("alice")
		begun := time.Now()
		p.halt()
		if took := time.Since(begun); took > 3500*time.Millisecond {
			t.Errorf("the stop took %v", took)
		}
		w.wantEnds("alice", events.ReasonShutdown)
		if ends := <-besideEnded; len(ends) != 1 {
			t.Error("what runs beside it was ended before the sessions were")
		}
		if len(p.told().suspended) > 0 {
			t.Error("a connector that has its lease was suspended")
		}
		other := w.start("c1", "another disk")
		synctest.Wait()
		other.login("alice")
		other.halt()
	})
}

func TestAStopDoesNotWaitForALogThatIsOutOfReach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.start("c1", "disk")
		synctest.Wait()
		p.login("alice")
		p.away.Store(true)
		begun := time.Now()
		p.halt()
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("the stop took %v", took)
		}
	})
}

func TestAConnectorThatLosesItsLeaseEndsItsStreamsAndComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p, other := w.start("c1", "disk"), w.start("c2", "disk2")
		synctest.Wait()
		p.login("alice")
		p.away.Store(true)
		cut := time.Now()
		time.Sleep(ttl)
		synctest.Wait()
		if len(p.told().suspended) != 1 || p.told().suspended[0].Sub(cut) >= ttl {
			t.Fatalf("cut off at %v, it was suspended at %v", cut, p.told().suspended)
		}
		time.Sleep(5 * time.Second)
		w.wantEnds("alice", events.ReasonConnectorLost) // by c2
		if len(p.told().begun) != 1 {
			t.Errorf("it serves without a lease: %+v", p.told().begun)
		}
		p.away.Store(false)
		time.Sleep(5 * time.Second)
		if len(p.told().begun) != 2 || p.told().begun[1].of.Epoch <= p.told().begun[0].of.Epoch || p.told().begun[1].ended != 1 {
			t.Fatalf("it began %+v, want a second time in another incarnation", p.told().begun)
		}
		if p.told().besides != 1 {
			t.Errorf("what runs beside it was begun %d times", p.told().besides)
		}
		p.login("alice")
		p.halt()
		other.halt()
		w.wantEnds("alice", events.ReasonConnectorLost, events.ReasonShutdown)
	})
}

func TestADeadConnectorsSessionsAreClosedOnceByWhicheverSurvives(t *testing.T) {
	t.Parallel()
	for _, survivors := range [][]string{{"c1"}, {"c3"}, {"c1", "c3"}, {"c1", "c3", "c4", "c5"}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			dead := w.start("c2", "disk")
			var alive []*process
			for _, name := range survivors {
				alive = append(alive, w.start(name, "disk of "+name))
			}
			synctest.Wait()
			dead.login("alice")
			dead.login("bob")
			alive[0].login("carol")
			lost := dead.told().begun[0].of
			dead.away.Store(true)
			time.Sleep(ttl + 15*time.Second)
			w.wantEnds("alice", events.ReasonConnectorLost)
			w.wantEnds("bob", events.ReasonConnectorLost)
			w.wantEnds("carol")
			for _, p := range alive {
				if !slices.Contains(p.told().rerouted, lost) {
					t.Errorf("%s did not reroute what was on its way to %s, but to %v", p.name, lost, p.told().rerouted)
				}
				if len(p.told().suspended) > 0 {
					t.Errorf("%s was suspended", p.name)
				}
				p.halt()
			}
			dead.halt()
		})
	}
}

// A process that was frozen finds the stanzas that came meanwhile before any of its
// timers fires.
func TestAFrozenProcessServesNothingAfterItsLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.start("c1", "disk")
		synctest.Wait()
		p.login("alice")
		handle := *p.handle.Load()
		handle([]byte("in time"), func() func() { return func() {} })
		p.lease.Load().lapse()
		asked := false
		handle([]byte("too late"), func() func() {
			asked = true
			return func() { t.Error("a stanza that others have sent elsewhere counts as handled") }
		})
		if !slices.Equal(p.told().received, []string{"in time"}) || !asked {
			t.Errorf("received: %q; the one that came too late was put off: %t", p.told().received, asked)
		}
		p.stop()
		<-p.ended
		if len(p.told().suspended) != 1 || len(w.ends("alice")) != 0 {
			t.Errorf("after its lease it was suspended %d times and wrote %v", len(p.told().suspended), w.ends("alice"))
		}
	})
}

func TestASessionIsKnownToAConnectorThatStartsWhenTheLogHasForgottenItsLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.log.Retain(time.Hour)
		p := w.start("c1", "disk")
		synctest.Wait()
		id := p.login("alice")
		time.Sleep(3 * time.Hour)
		late := w.start("c2", "disk2")
		synctest.Wait()
		if s := late.table.Account(bare("alice")).Session(id); s == nil || s.Connector() != p.told().begun[0].of {
			t.Errorf("it knows %+v", s)
		}
		late.halt()
		p.halt()
		w.wantEnds("alice", events.ReasonShutdown)
	})
}

// The dead connector can't repeat its sessions any longer. Nobody is misled by that:
// those that know them close them, the others never see them.
func TestASessionThatTheLogHasForgottenIsClosedByThoseThatKnowIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		dead, survivor := w.start("c1", "disk"), w.start("c2", "disk2")
		synctest.Wait()
		dead.login("alice")
		dead.away.Store(true)
		time.Sleep(time.Second)
		w.log.Retain(time.Second)
		late := w.start("c3", "disk3")
		synctest.Wait()
		if a := late.table.Account(bare("alice")); a != nil {
			t.Fatalf("it knows %+v", a)
		}
		w.log.Retain(0)
		time.Sleep(2 * ttl)
		w.wantEnds("alice", events.ReasonConnectorLost)
		for _, p := range []*process{survivor, late} {
			if n := len(p.table.Account(bare("alice")).Sessions()); n > 0 {
				t.Errorf("%s has %d sessions", p.name, n)
			}
			p.halt()
		}
		dead.halt()
	})
}

func TestANameThatAnotherInstanceHoldsIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.start("c1", "disk")
		synctest.Wait()
		other := w.start("c1", "another disk")
		<-other.ended
		if !errors.Is(other.err, events.ErrHeld) || len(other.told().begun) > 0 || other.told().besides > 0 {
			t.Errorf("the second holder of a name: %v; it began %v", other.err, other.told().begun)
		}
		p.halt()
	})
}

// A request for a lease that is wrong stays wrong: to make it again would only hide
// the error.
func TestAConnectorWhoseRequestForALeaseIsRefusedEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first, later := w.process("c1", "disk"), w.start("c2", "disk")
		first.refused.Store(true)
		first.start()
		synctest.Wait()
		later.refused.Store(true)
		later.away.Store(true)
		time.Sleep(ttl) // it loses the lease that it had
		for _, p := range []*process{first, later} {
			p.stop() // one that goes on ends with no error
			<-p.ended
			if !errors.Is(p.err, events.ErrLeaseRefused) {
				t.Errorf("%s ended with %v", p.name, p.err)
			}
		}
	})
}

func TestAnErrorBesideItStopsAConnectorCleanly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		broken, fail := errors.New("broken"), make(chan struct{})
		p := w.process("c1", "disk")
		p.beside = func(context.Context) error {
			<-fail
			return broken
		}
		p.start()
		synctest.Wait()
		p.login("alice")
		close(fail)
		<-p.ended
		if !errors.Is(p.err, broken) {
			t.Errorf("it ended with %v", p.err)
		}
		w.wantEnds("alice", events.ReasonShutdown)
	})
}

func TestAProcessWithoutClientsKnowsWhichConnectorsHaveEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.start("c1", "disk")
		looksOn := w.process("viewer", "")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go connector.WatchLeases(ctx, view{looksOn}, looksOn.table, nil)
		synctest.Wait()
		began := p.told().begun[0].of
		if looksOn.table.IsLost(began) {
			t.Errorf("%s has ended while it serves", began)
		}
		p.halt()
		synctest.Wait()
		if !looksOn.table.IsLost(began) {
			t.Errorf("%s goes on after its end", began)
		}
	})
}

func TestRunNeedsAllOfItsConfiguration(t *testing.T) {
	t.Parallel()
	if err := connector.Run(t.Context(), connector.Config{}); err == nil {
		t.Error("it runs without a server")
	}
}
