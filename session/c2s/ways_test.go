package c2s_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// silence makes a connector take nothing from now on, as one that was killed does
// until its lease ends.
func (n *node) silence() { n.receives.Store(false) }

// TestAResumedSessionDoesNotShareTheWaysWithItsOldConnection: the goroutine of a
// lost connection may still be waiting for the stanzas that it sent to arrive.
func TestAResumedSessionDoesNotShareTheWaysWithItsOldConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		w.users("alice", "bob", "carol")
		alice, bob, carol := w.nodes[0].connect("alice"), w.nodes[1].connect("bob"), w.nodes[1].connect("carol")
		for _, c := range []*client{alice, bob, carol} {
			c.login(c.name, "r")
			c.send("<presence/>")
		}
		alice.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
		synctest.Wait()

		w.nodes[1].silence()
		alice.send(said("1"))
		synctest.Wait()
		alice.drop()
		synctest.Wait()
		again := w.nodes[0].connect("alice")
		again.open()
		again.send(plain("alice", password))
		again.open()
		again.send(fmt.Sprintf("<resume xmlns='urn:xmpp:sm:3' previd='%s' h='0'/>", alice.previd))
		again.send("<message to='carol@localhost'><body>2</body></message>" + said("3"))
		synctest.Wait()
		again.drop()
		<-time.After(time.Minute)
	})
}

// TestSilentConnectorsHoldUpPresenceOnceOnly: however many there are, and
// however many were written to there.
func TestSilentConnectorsHoldUpPresenceOnceOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		defer w.close()
		w.users("alice", "bob", "carol")
		alice, bob, carol := w.nodes[0].connect("alice"), w.nodes[1].connect("bob"), w.nodes[2].connect("carol")
		for _, c := range []*client{alice, bob, carol} {
			c.login(c.name, "r")
			c.send("<presence/>")
		}
		synctest.Wait()

		w.nodes[1].silence()
		w.nodes[2].silence()
		alice.send(said("to bob") + "<message to='carol@localhost'><body>to carol</body></message>")
		synctest.Wait()
		alice.take()
		alice.send("<presence><show>away</show></presence>")
		<-time.After(2100 * time.Millisecond)
		synctest.Wait()
		if got := alice.take(); len(got) != 1 {
			t.Errorf("after two seconds alice was shown %q of her presence", got)
		}
	})
}
