package c2s_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

const byOps events.Actor = "cli ops@host"

// withCrowd runs a test with ten users on the first of two connectors.
func withCrowd(t *testing.T, test func(w *world, crowd []*client)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		var crowd []*client
		for i := range 10 {
			name := fmt.Sprintf("user%d", i)
			w.users(name)
			c := w.nodes[0].connect(name)
			c.login(name, "r")
			crowd = append(crowd, c)
		}
		synctest.Wait()
		test(w, crowd)
	})
}

// isOver reports that the client's stream has ended.
func (c *client) isOver() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// drains begins to drain a connector, and tells what came of it.
func (n *node) drains(over time.Duration) (done chan error) {
	done = make(chan error, 1)
	n.rooms.Go(func() { done <- n.server.Drain(n.ctx, over, byOps) })
	return done
}

func over(crowd []*client) (n int) {
	for _, c := range crowd {
		if c.isOver() {
			n++
		}
	}
	return n
}

func TestADrainedConnectorSendsItsClientsAwayEvenly(t *testing.T) {
	withCrowd(t, func(w *world, crowd []*client) {
		stranger := w.nodes[0].connect("stranger")
		stranger.open()
		synctest.Wait()
		drained := w.nodes[0].drains(10 * time.Minute)
		for minute := range 10 {
			<-time.After(30 * time.Second)
			if n := over(crowd); n != minute+1 {
				t.Errorf("in minute %d: %d of them are gone", minute, n)
			}
			<-time.After(30 * time.Second)
		}
		synctest.Wait()
		if err := <-drained; err != nil || w.nodes[0].server.Sessions() != 0 {
			t.Errorf("%v: %d sessions are left", err, w.nodes[0].server.Sessions())
		}
		stranger.mustEnd(t, "system-shutdown")
		for _, c := range crowd {
			c.mustEnd(t, "system-shutdown")
			history := w.history(c.name)
			if end := history[len(history)-1]; end != (events.Closed{Reason: events.ReasonShutdown, Text: "drained", By: byOps}) {
				t.Errorf("%s ended as %+v", c.name, end)
			}
		}
	})
}

func TestADrainThatIsCalledOffLeavesTheOthers(t *testing.T) {
	withCrowd(t, func(w *world, crowd []*client) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute-time.Second)
		defer cancel()
		if err := w.nodes[0].server.Drain(ctx, 10*time.Minute, byOps); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("called off: %v", err)
		}
		<-time.After(time.Hour)
		if n := over(crowd); n != 5 {
			t.Errorf("%d of 10 are gone", n)
		}
	})
}

// Whoever logs in meanwhile is sent away with the others.
func TestADrainEndsSessionsThatBeganMeanwhile(t *testing.T) {
	withCrowd(t, func(w *world, crowd []*client) {
		drained := w.nodes[0].drains(time.Minute)
		synctest.Wait()
		w.users("late")
		late := w.nodes[0].connect("late")
		late.login("late", "r")
		if err := <-drained; err != nil || !late.isOver() || over(crowd) != 10 {
			t.Errorf("%v: %d are gone, the last one: %t", err, over(crowd), late.isOver())
		}
	})
}

// A client that counts stanzas is told last how many of its own were handled, all of them, so
// that it need not send one again.
func TestADrainedClientKnowsWhatWasHandled(t *testing.T) {
	withCounts(t, func(t *testing.T, w *world, alice *client) {
		w.nodes[1].silence()
		alice.send(said("1") + said("2"))
		synctest.Wait()
		w.nodes[0].drains(0)
		<-time.After(time.Second)
		w.bury(w.nodes[1].incarnation()) // by then it is known what became of them
		<-alice.closed
		got := alice.take()
		i := slices.IndexFunc(got, func(item string) bool { return strings.HasPrefix(item, "<a ") })
		if i < 0 || !strings.Contains(got[i], "h='2'") || !strings.Contains(got[i+1], "system-shutdown") {
			t.Errorf("she is told %q", got)
		}
	})
}

// What a client has acknowledged is not sent again, and what it has not is, wherever it logs in.
func TestNothingIsLostOrRepeatedThatIsSentToADrainedClient(t *testing.T) {
	withCounts(t, func(t *testing.T, w *world, alice *client) {
		bob := w.nodes[1].connect("bob")
		bob.login("bob", "2")
		say := func(body string) {
			bob.send("<message to='alice@localhost' type='chat'><body>" + body + "</body></message>")
			synctest.Wait()
		}
		say("one")
		say("two")
		w.nodes[0].drains(0)
		<-time.After(time.Second)
		if alice.isOver() {
			t.Error("she is gone before she has acknowledged what she was sent, or had the time to")
		}
		alice.send("<a xmlns='urn:xmpp:sm:3' h='1'/>")
		<-alice.closed
		if got := bodies(alice); got != "one, two" {
			t.Errorf("she got %q", got)
		}
		again := w.nodes[1].connect("alice")
		again.login("alice", "r")
		again.send("<presence/>")
		synctest.Wait()
		if got := bodies(again); got != "two" {
			t.Errorf("at the other connector she got %q", got)
		}
	})
}

func TestADrainEndsSessionsThatWaitForAConnection(t *testing.T) {
	withCounts(t, func(t *testing.T, w *world, alice *client) {
		alice.drop()
		synctest.Wait()
		if w.nodes[0].server.Sessions() != 1 {
			t.Fatal("she does not wait")
		}
		if err := w.nodes[0].server.Drain(context.Background(), time.Minute, byOps); err != nil {
			t.Error(err)
		}
		history := w.history("alice")
		if end := history[len(history)-1]; end != (events.Closed{Reason: events.ReasonShutdown, Text: "drained", By: byOps}) {
			t.Errorf("it ended as %+v", end)
		}
	})
}

// Whoever drains a connector stops it then, and that waits for what is still to be stored.
func TestAStopAfterADrainLosesNothingThatIsStillToBeStored(t *testing.T) {
	withCounts(t, func(t *testing.T, w *world, alice *client) {
		bob := w.nodes[1].connect("bob")
		bob.login("bob", "2")
		bob.send("<message to='alice@localhost' type='chat'><body>one</body></message>")
		synctest.Wait()
		alice.drop()
		synctest.Wait()
		slow := func() { <-time.After(time.Second) }
		w.lag.Store(&slow)
		drained := w.nodes[0].drains(0)
		<-time.After(time.Second / 2)
		if err := w.nodes[0].server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if n := len(w.waiting.list(bare("alice"))); n != 1 {
			t.Errorf("when the connector has stopped %d of her messages wait for her", n)
		}
		w.lag.Store(nil)
		if err := <-drained; err != nil {
			t.Error(err)
		}
	})
}
