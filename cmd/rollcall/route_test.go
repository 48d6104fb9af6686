package main

import (
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
)

func TestAReasonGoesOnBelowOnATerminal(t *testing.T) {
	t.Parallel()
	v := &ask.Verdict{
		Targets: []ask.Target{{JID: events.StoredJID("bob@localhost/x"), Connector: "c1", Priority: 1}},
		Reason:  "no session has this JID; as to the account: highest priority 1: 1 of 1 available resource (8.5.2.1.1)",
	}
	for screen, want := range map[int]string{
		0: "chat       to bob@localhost/x, priority 1, on c1\n" +
			"             " + v.Reason + "\n",
		80: "chat       to bob@localhost/x, priority 1, on c1\n" +
			"             no session has this JID; as to the account: highest priority 1: 1\n" +
			"             of 1 available resource (8.5.2.1.1)\n",
	} {
		var page strings.Builder
		writeVerdict(&page, "chat", v, screen)
		if page.String() != want {
			t.Errorf("on %d columns got\n%swant\n%s", screen, page.String(), want)
		}
	}
}
