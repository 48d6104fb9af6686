package c2s_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestAClientWhoseChangeIsRefusedGetsWhatItGotBefore: presence that the log does not
// take changes nothing, and messages do not wait for a session that is there.
func TestAClientWhoseChangeIsRefusedGetsWhatItGotBefore(t *testing.T) {
	t.Parallel()
	for _, refused := range []string{"<presence type='unavailable'/>", "<presence><priority>-1</priority></presence>"} {
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
			w.log.Partition(true)
			bob.send(refused)
			<-time.After(time.Minute)
			w.log.Partition(false)
			bob.take()
			alice.send(said("hello"))
			<-time.After(time.Minute)
			if got := bodies(bob); got != "hello" {
				t.Errorf("after %s was refused bob got %q", refused, got)
			}
		})
	}
}
