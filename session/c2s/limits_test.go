package c2s_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// alone runs a test in a bubble with one connector and alice, bob and carol.
func alone(t *testing.T, tune func(*c2s.Config), test func(t *testing.T, w *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, tune)
		defer w.close()
		w.users("alice", "bob", "carol")
		test(t, w)
	})
}

// login connects a client that is bound, and forgets what it was sent.
func (w *world) login(user, resource string, more ...string) *client {
	w.t.Helper()
	c := w.nodes[0].connect(user)
	c.login(user, resource)
	for _, m := range more {
		c.send(m)
	}
	synctest.Wait()
	if got := strings.Join(c.take(), ""); !strings.Contains(got, "<jid>") {
		w.t.Fatalf("the login failed: %s", got)
	}
	return c
}

// answers settles and returns what a client was sent, in one piece.
func (c *client) answers() string {
	synctest.Wait()
	return strings.Join(c.take(), "")
}

// mustEnd expects that a stream was ended by a stream error.
func (c *client) mustEnd(t *testing.T, condition string) {
	t.Helper()
	got := c.answers()
	if !strings.Contains(got, "<stream:error><"+condition) || !strings.HasSuffix(got, "</stream:stream>(closed)") {
		t.Errorf("%s was sent %s, want an end with %s", c.name, got, condition)
	}
}

// mustLive expects that a stream is as usable as ever.
func (c *client) mustLive(t *testing.T) {
	t.Helper()
	c.send("<iq type='get' id='live'><ping xmlns='urn:xmpp:ping'/></iq>")
	if got := c.answers(); !strings.Contains(got, "id='live' type='result'") {
		t.Errorf("%s was sent %s, want an answer to its ping", c.name, got)
	}
}

func TestAStanzaBeyondTheLimitEndsItsStreamAndNoOther(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		a, b := w.login("alice", "a"), w.login("bob", "b", "<presence/>")
		message := func(size int) string {
			const head, tail = "<message to='bob@localhost'><body>", "</body></message>"
			return head + strings.Repeat("x", size-len(head)-len(tail)) + tail
		}
		a.send(message(256 << 10))
		if got := b.answers(); len(got) < 256<<10 {
			t.Errorf("a message of the greatest size was not delivered: %d bytes came", len(got))
		}
		a.send(message(256<<10 + 1))
		a.mustEnd(t, "policy-violation")
		b.mustLive(t)
	})
}

func TestAFloodEndsItsStreamAndNoOther(t *testing.T) {
	slow := func(c *c2s.Config) { c.Rate, c.Burst = 1000, 4500 }
	alone(t, slow, func(t *testing.T, w *world) {
		a, b := w.login("alice", "a"), w.login("bob", "b", "<presence/>")
		line := "<message to='bob@localhost'><body>" + strings.Repeat("x", 900) + "</body></message>"
		for range 4 {
			a.send(line)
		}
		a.mustLive(t) // within the burst
		<-time.After(2 * time.Second)
		a.send(line)
		a.mustLive(t) // within the rate
		for range 4 {
			a.send(line)
		}
		a.mustEnd(t, "policy-violation")
		b.mustLive(t)
	})
}

func TestAClientThatDoesNotReadIsEndedAndNoOther(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		w.watch("carol", "bob")
		a, b, c := w.login("alice", "a"), w.login("bob", "b", "<presence/>"), w.login("carol", "c", "<presence/>")
		goOn := b.stall()
		line := "<message to='bob@localhost'><body>" + strings.Repeat("x", 250_000) + "</body></message>"
		for range 40 {
			a.send(line)
		}
		a.mustLive(t)
		<-time.After(time.Minute)
		if got := c.answers(); strings.Count(got, "type='unavailable'") != 1 {
			t.Errorf("carol was sent %s, want bob to go once", got)
		}
		goOn()
		if got := b.answers(); !strings.HasSuffix(got, "(closed)") {
			t.Errorf("bob's connection is still open")
		}
		a.mustLive(t)
	})
}

func TestALiveButSilentClientIsLeftInPeaceAndADeadOneNoticed(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		w.watch("carol", "bob")
		a, b, c := w.login("alice", "a"), w.login("bob", "b", "<presence/>"), w.login("carol", "c", "<presence/>")
		<-time.After(time.Hour)
		a.mustLive(t)
		goOn := b.stall() // as a peer behind a cable that was cut: nothing is taken
		defer goOn()
		<-time.After(time.Hour)
		if got := c.answers(); strings.Count(got, "type='unavailable'") != 1 {
			t.Errorf("carol was sent %s, want bob to go once", got)
		}
		a.mustLive(t)
	})
}

func TestAShutdownDoesNotWaitForALoginThatHasNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		w.users("alice")
		a := w.login("alice", "a")
		n := w.nodes[0]
		for i := range 20 {
			n.connect(fmt.Sprint("u", i))
		}
		begin := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := n.stop(ctx); err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d > 3*time.Second {
			t.Errorf("it took %v", d)
		}
		a.mustEnd(t, "system-shutdown")
		w.close()
	})
}
