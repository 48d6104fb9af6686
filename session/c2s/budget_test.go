package c2s_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// begin sends a stanza that is not complete.
func (c *client) begin(size int) { c.send("<message><body>" + strings.Repeat("x", size)) }

func TestLargeStanzasThatAreNotCompleteShareOneLimit(t *testing.T) {
	few := func(c *c2s.Config) { c.MaxBegun = 300 << 10 }
	alone(t, few, func(t *testing.T, w *world) {
		var in []*client
		for i := range 3 {
			in = append(in, w.login("alice", fmt.Sprint("a", i)))
			in[i].begin(200 << 10)
		}
		in[2].mustEnd(t, "policy-violation")
		small := w.login("bob", "b")
		small.begin(50 << 10)
		in[0].send("</body></message>")
		in[0].mustLive(t)
		again := w.login("alice", "again")
		again.begin(200 << 10)
		again.send("</body></message>")
		again.mustLive(t)
		small.send("</body></message>")
		small.mustLive(t)
	})
}

// Each of them has less than it may have for itself, connected or not.
func TestStanzasThatAreNotAcknowledgedShareOneLimit(t *testing.T) {
	few := func(c *c2s.Config) { c.MaxUnread = 300 << 10 }
	alone(t, few, func(t *testing.T, w *world) {
		a, b := w.login("alice", "a"), w.login("bob", "b")
		for _, c := range []*client{a, b} {
			c.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/><presence/>")
			synctest.Wait()
		}
		b.drop()
		send := func(to string) string {
			c := w.login("carol", "c")
			body := strings.Repeat("x", 100<<10)
			c.send("<message type='chat' to='" + to + "'><body>" + body + "</body></message>")
			c.send("<message type='chat' to='" + to + "'><body>" + body + "</body></message>")
			synctest.Wait()
			defer c.drop()
			return c.answers()
		}
		send("bob@localhost")
		a.answers()
		send("alice@localhost")
		send("alice@localhost")
		if got := a.answers(); !strings.Contains(got, "policy-violation") {
			t.Errorf("alice, who acknowledges nothing, was not ended: %d bytes", len(got))
		}
		w.login("alice", "a2").mustLive(t)
	})
}
