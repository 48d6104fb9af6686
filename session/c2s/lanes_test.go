package c2s_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestWhatWaitsForTheTableHoldsUpItsSenderOnly: a message comes after what its
// sender did before it, and nobody else's has to wait for that.
func TestWhatWaitsForTheTableHoldsUpItsSenderOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		w.users("alice", "bob", "carol")
		alice, carol, bob := w.nodes[0].connect("alice"), w.nodes[0].connect("carol"), w.nodes[1].connect("bob")
		for _, c := range []*client{alice, carol, bob} {
			c.login(c.name, "r")
			c.send("<presence/>")
		}
		synctest.Wait()
		bob.take()

		goOn := make(chan struct{})
		w.nodes[1].stuck.Store(&goOn)
		alice.send("<presence><show>away</show></presence>" + said("alice 1") + said("alice 2"))
		synctest.Wait()
		carol.send(said("carol 1"))
		synctest.Wait()
		if got := bodies(bob); got != "carol 1" {
			t.Errorf("before the table went on bob got %q", got)
		}
		w.nodes[1].stuck.Store(nil)
		close(goOn)
		synctest.Wait()
		if got := bodies(bob); got != "alice 1, alice 2" {
			t.Errorf("after it bob got %q", got)
		}
	})
}

// TestALaneWaitsForTheTableOnce: a parcel that has waited in it need not wait
// again.
func TestALaneWaitsForTheTableOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		w.users("alice", "bob")
		alice, bob := w.nodes[0].connect("alice"), w.nodes[1].connect("bob")
		for _, c := range []*client{alice, bob} {
			c.login(c.name, "r")
			c.send("<presence/>")
		}
		synctest.Wait()
		bob.take()

		goOn := make(chan struct{})
		w.nodes[1].stuck.Store(&goOn)
		alice.send("<presence><show>away</show></presence>" + said("1") + said("2") + said("3"))
		<-time.After(2100 * time.Millisecond)
		if got := bodies(bob); got != "1, 2, 3" {
			t.Errorf("after two seconds bob got %q", got)
		}
		w.nodes[1].stuck.Store(nil)
		close(goOn)
	})
}

func said(body string) string {
	return "<message to='bob@localhost' type='chat'><body>" + body + "</body></message>"
}

// bodies are the texts of the messages that a client has got.
func bodies(c *client) string {
	var list []string
	for _, item := range c.take() {
		if _, rest, ok := strings.Cut(item, "<body>"); ok {
			body, _, _ := strings.Cut(rest, "<")
			list = append(list, body)
		}
	}
	return strings.Join(list, ", ")
}
