package c2s_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

func seldom(c *c2s.Config) { c.LoginRate = 2 } // a minute, 10 at once

// tries is how many of as many logins succeed, each from its own address at a
// node.
func (n *node) tries(user string, times int) (in int, last string) {
	for i := range times {
		c := n.connectFrom(at(fmt.Sprintf("192.0.2.%d", i+1)), user)
		c.login(user, "r")
		if last = c.answers(); strings.Contains(last, "<jid>") {
			in++
		}
		c.drop()
	}
	return in, last
}

func TestAnAccountThatLogsInTooOftenWaitsAndNoOther(t *testing.T) {
	alone(t, seldom, func(t *testing.T, w *world) {
		n := w.nodes[0]
		in, last := n.tries("alice", 12)
		if in != 10 {
			t.Errorf("%d of 12 logins succeeded at once, want 10", in)
		}
		if !strings.Contains(last, "<temporary-auth-failure/><text xml:lang='en'>too many logins") {
			t.Errorf("the last one was answered by %s", last)
		}
		w.login("bob", "b").mustLive(t)
		<-time.After(time.Minute)
		if in, _ := n.tries("alice", 4); in != 2 {
			t.Errorf("%d logins succeeded after a minute, want 2", in)
		}
		<-time.After(5 * time.Minute)
		if in, _ := n.tries("alice", 12); in != 10 {
			t.Errorf("%d logins succeeded after five quiet minutes, want 10", in)
		}
	})
}

// Two clients that were given one resource, and come back at once whenever they
// are replaced, would write to the log for ever.
func TestTwoClientsThatReplaceEachOtherComeToAPause(t *testing.T) {
	alone(t, seldom, func(t *testing.T, w *world) {
		n := w.nodes[0]
		var bound atomic.Int32
		over := make(chan struct{})
		fight := func(address string) {
			for {
				c := n.connectFrom(at(address), "alice")
				c.login("alice", "phone")
				select {
				case <-c.closed:
				case <-over:
					c.drop()
					return
				}
				if strings.Contains(strings.Join(c.take(), ""), "<jid>") {
					bound.Add(1)
				}
				<-time.After(time.Second)
			}
		}
		var fights sync.WaitGroup
		fights.Go(func() { fight("192.0.2.1") })
		fights.Go(func() { fight("198.51.100.1") })
		<-time.After(10 * time.Minute)
		close(over)
		fights.Wait()
		if got := bound.Load(); got < 20 || got > 10+2*10 {
			t.Errorf("%d sessions in ten minutes, want two a minute", got)
		}
	})
}

func TestLoginsOfAnAccountAreCountedOverAllConnectors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, seldom)
		defer w.close()
		w.users("alice", "bob")
		first, _ := w.nodes[0].tries("alice", 6)
		second, _ := w.nodes[1].tries("alice", 6)
		if first+second != 10 {
			t.Errorf("%d and %d logins succeeded at once, want 10 together", first, second)
		}
	})
}

func TestThisMachineMayLogInAtAnyPace(t *testing.T) {
	alone(t, seldom, func(t *testing.T, w *world) {
		for range 30 {
			c := w.nodes[0].connectFrom(at("127.0.0.1"), "alice")
			c.login("alice", "r")
			if got := c.answers(); !strings.Contains(got, "<jid>") {
				t.Fatalf("a login was answered by %s", got)
			}
			c.drop()
		}
	})
}
