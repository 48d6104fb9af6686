package c2s_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// lose lets a node alone learn that another one's lease has ended, and write the
// ends of its sessions.
func (n *node) lose(lost *node) {
	n.table.Lost(lost.incarnation())
	if _, err := n.service.Reap(context.Background(), n.table, lost.incarnation()); err != nil {
		n.t.Error(err)
	}
	n.server.Reroute(lost.incarnation())
}

// TestNothingOvertakesWhatALostConnectorDidNotHandle: a message goes on to
// another connector, and the same client's next one goes there directly.
func TestNothingOvertakesWhatALostConnectorDidNotHandle(t *testing.T) {
	t.Parallel()
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 3, nil)
			defer w.close()
			w.users("alice", "bob")
			alice, lost, bob := w.nodes[0].connect("alice"), w.nodes[1].connect("bob"), w.nodes[2].connect("bob")
			for i, c := range []*client{alice, lost, bob} {
				c.login(c.name, fmt.Sprint("r", i))
				c.send(fmt.Sprintf("<presence><priority>%d</priority></presence>", 3-i))
			}
			synctest.Wait()
			bob.take()

			w.nodes[1].silence()
			alice.send(said("1"))
			synctest.Wait()
			goOn := make(chan struct{})
			w.nodes[2].stuck.Store(&goOn)
			go w.nodes[0].lose(w.nodes[1])
			synctest.Wait()
			alice.send(said("2"))
			synctest.Wait()
			w.nodes[2].stuck.Store(nil)
			close(goOn)
			synctest.Wait()
			if got := bodies(bob); got != "1, 2" {
				t.Errorf("bob got %q", got)
			}
		})
	}
}

// TestALostConnectorsParcelsDoNotWaitForEachOther, as far as they are of others.
func TestALostConnectorsParcelsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		w.users("alice", "bob", "carol")
		w.waiting.most = 100
		alice, carol, bob := w.nodes[0].connect("alice"), w.nodes[0].connect("carol"), w.nodes[1].connect("bob")
		for _, c := range []*client{alice, carol, bob} {
			c.login(c.name, "r")
			c.send("<presence/>")
		}
		synctest.Wait()

		w.nodes[1].silence()
		for range 20 {
			alice.send(said("of many"))
		}
		carol.send(said("the only one"))
		synctest.Wait()
		second := func() { <-time.After(time.Second) }
		w.lag.Store(&second)
		go w.nodes[0].lose(w.nodes[1])
		<-time.After(15 * time.Second)
		none := func() {}
		w.lag.Store(&none)
		carols := 0
		for _, kept := range w.waiting.list(bare("bob")) {
			if strings.Contains(kept, "the only one") {
				carols++
			}
		}
		if carols != 1 {
			t.Errorf("after 15 seconds carol's message waits %d times", carols)
		}
		<-time.After(time.Minute)
	})
}
