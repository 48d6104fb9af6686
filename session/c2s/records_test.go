package c2s_test

import (
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Every connection that does not get as far as a session leaves its reason (T6).
func TestWhatHappensBeforeAuthenticationIsRecorded(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		c := w.nodes[0].connect("a")
		c.open()
		c.send(plain("Alice", "wrong"))
		c.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X'/>")
		c.send("</stream:stream>")
		synctest.Wait()
		const address = "10.0.0.1:50000"
		want := []events.Event{
			events.Connected{Address: address},
			events.StreamOpened{Host: domain},
			events.AuthFailed{Username: "alice", Mechanism: "PLAIN", Condition: "not-authorized", Address: address},
			events.AuthFailed{Mechanism: "X", Condition: "invalid-mechanism", Address: address},
			events.Disconnected{Reason: events.ReasonClient, Address: address},
		}
		if !reflect.DeepEqual(w.pre.list, want) {
			t.Errorf("recorded\n%#v, want\n%#v", w.pre.list, want)
		}
	})
}

// Guessing gets slow for an address, not for others (T5).
func TestAnAddressThatGuessesPasswordsHasToWait(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		n := w.nodes[0]
		guess := func(c *client) string {
			c.send(plain("alice", "guess"))
			return c.answers()
		}
		mallory := n.connect("mallory")
		mallory.open()
		for range 4 {
			guess(mallory)
		}
		mallory.drop()
		again := n.connectFrom(mallory, "mallory")
		again.open()
		guess(again)
		guess(again)
		if got := guess(again); !strings.Contains(got, "<temporary-auth-failure") {
			t.Errorf("the seventh guess was answered by %s", got)
		}
		again.send(plain("alice", password))
		if got := again.answers(); strings.Contains(got, "<success") {
			t.Error("an address that guesses is let in while it has to wait")
		}
		w.login("alice", "a")
	})
}
