package c2s_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A log that is nearly full keeps what is left for the ends of sessions.
func TestClientsOfANearlyFullLogAreToldSoAndCanGo(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		n := w.nodes[0]
		alice := w.login("alice", "r", "<presence/>")
		n.service.KeepReserve(events.Info{MaxBytes: 1 << 20, Bytes: 1 << 20, Records: 1}, 1)

		bob := n.connect("bob")
		bob.login("bob", "r")
		if got := bob.answers(); !strings.Contains(got, "<temporary-auth-failure/><text xml:lang='en'>this server has no room for new sessions now, try again later</text>") {
			t.Errorf("a login was answered by %s", got)
		}
		alice.send("<presence id='p'><show>away</show></presence>")
		if got := alice.answers(); !strings.Contains(got, "resource-constraint") || !strings.Contains(got, "the log is full") {
			t.Errorf("a presence was answered by %s", got)
		}
		alice.send("</stream:stream>")
		synctest.Wait()
		if history := w.history("alice"); history[len(history)-1] != (events.Closed{Reason: events.ReasonClient}) {
			t.Errorf("the history of alice is %v", history)
		}
	})
}
