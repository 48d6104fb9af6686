package delivery_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// An election takes 7 s mostly, and 15 s once in a while. A message that has to
// be stored waits, as long as everything else that has to be.
const election = events.MaxOutage - 5*time.Second

func TestAMessageWaitsForAStoreThatElectsItsLeader(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		alice := w.connector("c1").bind("alice@x/a")
		w.offline.away = time.Now().Add(election)
		expect(t, "alice", alice.says("chat", "bob@x", "1"), "")
		if n := w.offline.waiting("bob@x"); n != 1 {
			t.Errorf("%d messages wait", n)
		}
	})
}

// A message that is stored in an outage of the log is announced when that is over:
// it had to wait for the store before.
func TestAMessageThatWasStoredIsAnnouncedAfterAnElection(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1, c2 := w.connector("c1"), w.connector("c2")
		alice := c1.bind("alice@x/a")
		bob := c2.available("bob@x/b", 0) // of whom c1 does not know yet
		w.offline.away = time.Now().Add(election)
		w.log.Partition(true)
		time.AfterFunc(election+10*time.Second, func() {
			w.log.Partition(false)
			c1.learn()
		})
		expect(t, "alice", alice.says("chat", "bob@x", "1"), "")
		c1.deliver()
		expect(t, "bob", bob.bodies(), "1 late")
	})
}

// That nobody has a full JID is said when the log was asked, which waits for it.
func TestARefusalWaitsForALogThatElectsItsLeader(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1, c2 := w.connector("c1"), w.connector("c2")
		alice := c1.bind("alice@x/a")
		bob := c2.bind("bob@x/b") // of whom c1 does not know yet
		for _, tt := range []struct{ to, refused string }{{"bob@x/b", ""}, {"bob@x/gone", "service-unavailable"}} {
			w.log.Partition(true)
			time.AfterFunc(election, func() {
				w.log.Partition(false)
				c1.learn()
			})
			begun := time.Now()
			expect(t, tt.to, alice.says("normal", tt.to, "1"), tt.refused)
			if took := time.Since(begun); took < election {
				t.Errorf("%s was decided about after %v, without the log", tt.to, took)
			}
			synctest.Wait()
		}
		c1.deliver()
		expect(t, "bob", bob.bodies(), "1")
	})
}

// The stanzas that a connector has taken when it loses its lease go on, and are
// decided about by what the log says then: its table may be behind.
func TestAConnectorWithoutALeaseStillAsksTheLog(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1, c2 := w.connector("c1"), w.connector("c2")
		alice := c1.bind("alice@x/a")
		c1.router.Begin(nil)
		bob := c2.available("bob@x/b", 0)
		time.AfterFunc(time.Second, c1.learn)
		expect(t, "alice, of what may be stored", alice.says("chat", "bob@x", "1"), "")
		expect(t, "alice, of what may not", alice.says("normal", "bob@x/b", "2"), "")
		c1.deliver()
		expect(t, "bob", bob.bodies(), "1 late, 2")
	})
}

// The log and the store elect their leaders one after the other: a session becomes
// visible late, and gets what waits later. Nobody has waited for it until then.
func TestWhatWaitsIsNotOvertakenAfterAnElection(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1 := w.connector("c1")
		alice, bob := c1.bind("alice@x/a"), c1.bind("bob@x/b")
		alice.says("chat", "bob@x", "1")
		w.offline.away = time.Now().Add(election + 2*time.Second)
		bob.BecomeReceptive(func() error {
			time.Sleep(election)
			bob.event(events.PresenceAvailable{Stanza: "<presence/>"})
			return nil
		})
		alice.says("chat", "bob@x", "2")
		expect(t, "bob", bob.bodies(), "1 late, 2")
	})
}

// A connector that was cut off learns late that its session has ended, and before
// that of the event that would have made it fetch: what waits now is not for that
// session.
func TestWhatWaitsIsNotTakenByASessionThatTheLogHasEnded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1, c2 := w.connector("c1"), w.connector("c2")
		ended := c2.available("bob@x/b", 0)
		other := c1.available("bob@x/other", 0)
		c2.learn()
		was := c2.table.Session(other.jid)
		other.event(events.PresenceUnavailable{})
		ended.node = c1 // which reaps it
		ended.event(events.Closed{Reason: events.ReasonConnectorLost})
		expect(t, "alice", c1.bind("alice@x/a").says("chat", "bob@x", "1"), "")
		c2.router.FetchAfter(was, c1.table.Session(other.jid))
		synctest.Wait()
		if w.offline.held.Load() > 0 {
			t.Error("nobody else can take what waits while a table is behind")
		}
		c2.learn()
		synctest.Wait()
		expect(t, "the session that has ended", ended.bodies(), "")
		expect(t, "the next one", c1.available("bob@x/b", 0).bodies(), "1 late")
	})
}
