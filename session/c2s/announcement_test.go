package c2s_test

import (
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// By the command line it is for whoever is named; by the command of XEP-0133 for a domain.
func TestAnAnnouncementIsForWhoeverIsNamed(t *testing.T) {
	administered(t, func(w *world, _ *office, ann *client) {
		alice := w.login("alice", "r", "<presence/>")
		bob := w.nodes[1].connect("bob")
		bob.login("bob", "r")
		bob.send("<presence/>")
		bob.answers()
		alice.answers()
		for _, tt := range []struct {
			to                string
			sent              int
			toAlice, toBobToo bool
		}{
			{"", 2, true, true},
			{"localhost", 2, true, true},
			{"alice@localhost", 1, true, false},
			{"elsewhere", 0, false, false},
			{"carol@localhost", 0, false, false},
		} {
			to := events.JID{}
			if tt.to != "" {
				to = events.StoredJID(tt.to)
			}
			if n := w.nodes[1].server.Announce(to, "", "We move"); n != tt.sent {
				t.Errorf("to %q it is sent to %d accounts, want %d", tt.to, n, tt.sent)
			}
			for c, want := range map[*client]bool{alice: tt.toAlice, bob: tt.toBobToo} {
				if got := c.answers(); strings.Contains(got, "type='headline'><body>We move</body>") != want {
					t.Errorf("of one to %q %s gets %q", tt.to, c.name, got)
				}
			}
		}
	})
}
