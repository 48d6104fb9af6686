package connector_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
)

// says is what the log says, a word an event: of connectors what became of them, of
// sessions whose they are.
func (w *world) says() (words []string) {
	for _, st := range w.history() {
		word := ""
		switch e := st.Event.(type) {
		case events.ConnectorStarted:
			word = st.Connector.Name + " started"
		case events.ConnectorStopped:
			word = st.Connector.Name + " stopped"
		case events.ConnectorLost:
			word = fmt.Sprintf("%s lost", e.Lost.Name)
		case events.Bound:
			word = st.JID.Local() + " came"
		case events.Closed:
			word = st.JID.Local() + " went"
		default:
			continue
		}
		words = append(words, word)
	}
	return words
}

func (w *world) wantSays(want ...string) {
	w.t.Helper()
	if got := w.says(); !slices.Equal(got, want) {
		w.t.Errorf("the log says %q, want %q", got, want)
	}
}

func TestTheLogSaysWhenAConnectorBeganAndStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.start("c1", "disk")
		synctest.Wait()
		p.login("alice")
		p.halt()
		w.wantSays("c1 started", "alice came", "alice went", "c1 stopped")
		if !w.history()[0].StoredAt().Equal(time.Unix(0, w.history()[0].Time)) {
			t.Error("it was not said at once")
		}
		again := w.start("c1", "disk")
		synctest.Wait()
		again.halt()
		w.wantSays("c1 started", "alice came", "alice went", "c1 stopped", "c1 started", "c1 stopped")
	})
}

func TestTheLogSaysOnceThatAConnectorIsLostBeforeItsSessionsEnd(t *testing.T) {
	t.Parallel()
	for _, survivors := range [][]string{{"c1"}, {"c3"}, {"c1", "c3"}, {"c1", "c3", "c4", "c5"}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			dead := w.start("c2", "disk")
			synctest.Wait()
			dead.login("alice")
			want := []string{"c2 started", "alice came"}
			var alive []*process
			for _, name := range survivors {
				alive = append(alive, w.start(name, "disk of "+name))
				synctest.Wait()
				want = append(want, name+" started")
			}
			dead.away.Store(true)
			time.Sleep(ttl + 15*time.Second)
			w.wantSays(append(want, "c2 lost", "alice went")...)
			for _, p := range alive {
				p.halt()
			}
			dead.halt()
		})
	}
}

func TestAConnectorThatHeldNothingIsSaidToBeLostToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		dead, other := w.start("c2", "disk"), w.start("c1", "another disk")
		synctest.Wait()
		dead.away.Store(true)
		time.Sleep(ttl + 15*time.Second)
		if got := w.says(); len(got) != 3 || got[2] != "c2 lost" {
			t.Errorf("the log says %q", got)
		}
		other.halt()
		dead.halt()
	})
}

func TestANextIncarnationIsTheEndOfTheOneBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		dead := w.start("c1", "disk")
		synctest.Wait()
		dead.login("alice")
		lost := dead.told().begun[0].of
		dead.away.Store(true)
		next := w.start("c1", "disk")
		synctest.Wait()
		got := w.says()
		slices.Sort(got[2:]) // which of the two comes first does not matter
		if want := []string{"c1 started", "alice came", "alice went", "c1 started"}; !slices.Equal(got, want) {
			t.Errorf("the log says %q, want %q", got, want)
		}
		next.login("bob")
		if l := next.table.Leases(); !l.Holds(next.told().begun[0].of) || l.Holds(lost) {
			t.Errorf("the table says %+v", l)
		}
		next.halt()
		dead.halt()
	})
}

func TestALossWithoutSurvivorsIsFoundByTheNextConnector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		dead := w.start("c1", "disk")
		synctest.Wait()
		dead.login("alice")
		dead.away.Store(true)
		time.Sleep(time.Hour)
		w.wantSays("c1 started", "alice came")
		next := w.start("c2", "another disk")
		synctest.Wait()
		got := w.says()
		if i := slices.Index(got, "c1 lost"); i < 0 || i > slices.Index(got, "alice went") || len(got) != 5 {
			t.Errorf("the log says %q", got)
		}
		next.halt()
		dead.halt()
	})
}

// A record about a connector holds up nobody, and one that fails is made up for.
func TestAConnectorServesAlthoughTheLogDoesNotTakeItsBeginning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.process("c1", "disk")
		p.mute.Store(true)
		begun := time.Now()
		p.start()
		synctest.Wait()
		p.login("alice")
		if took := time.Since(begun); took > 0 {
			t.Errorf("it served after %v", took)
		}
		w.wantSays("alice came")
		time.Sleep(time.Minute)
		p.mute.Store(false)
		time.Sleep(10 * time.Second)
		w.wantSays("alice came", "c1 started")
		p.halt()
	})
}

func TestAConnectorsSessionsAreClosedAlthoughTheLogDoesNotTakeItsLoss(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		dead := w.start("c2", "disk")
		synctest.Wait()
		other := w.start("c1", "another disk")
		synctest.Wait()
		dead.login("alice")
		dead.away.Store(true)
		other.mute.Store(true)
		time.Sleep(ttl + 15*time.Second)
		w.wantSays("c2 started", "c1 started", "alice came", "alice went")
		other.mute.Store(false)
		time.Sleep(15 * time.Second)
		w.wantSays("c2 started", "c1 started", "alice came", "alice went", "c2 lost")
		other.halt()
		dead.halt()
	})
}

// An orderly stop is no loss, whatever others are looking for at that moment.
func TestAStopIsNotTakenForALoss(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			p, other, dead := w.start("c1", "disk"), w.start("c2", "disk2"), w.start("c3", "disk3")
			synctest.Wait()
			w.log.Inject(bustest.Faults{Seed: seed, Delay: 20 * time.Millisecond})
			w.leases.slow = 20 * time.Millisecond
			w.leases.end(dead.lease.Load())                                                      // so others look
			time.Sleep(time.Second - 50*time.Millisecond + time.Duration(seed)*time.Millisecond) // it is not c2 whose turn is the first
			p.halt()
			time.Sleep(time.Minute)
			if got := w.says(); slices.Contains(got, "c1 lost") || !slices.Contains(got, "c1 stopped") || !slices.Contains(got, "c3 lost") {
				t.Errorf("seed %d: the log says %q", seed, got)
			}
			other.halt()
			dead.halt()
		})
	}
}
