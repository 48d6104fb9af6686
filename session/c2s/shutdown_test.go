package c2s_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestShutdownEndsInTimeThoughSessionsWaitForTheirClients: the messages that
// each has not acknowledged are stored first, which takes its time.
func TestShutdownEndsInTimeThoughSessionsWaitForTheirClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.close()
		w.users("alice", "bob")
		w.waiting.most = 100
		bob := w.nodes[0].connect("bob")
		bob.login("bob", "r")
		for i := range 20 {
			alice := w.nodes[0].connect("alice")
			alice.login("alice", fmt.Sprint("r", i))
			alice.send("<presence><priority>-1</priority></presence><enable xmlns='urn:xmpp:sm:3' resume='true'/>")
			synctest.Wait()
			alice.drop()
			synctest.Wait()
			bob.send(fmt.Sprintf("<message type='chat' to='alice@localhost/r%d'><body>hi</body></message>", i))
		}
		synctest.Wait()
		second := func() { <-time.After(time.Second) }
		w.lag.Store(&second)
		begun := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		w.nodes[0].server.Shutdown(ctx)
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		none := func() {}
		w.lag.Store(&none)
	})
}
