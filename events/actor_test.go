package events_test

import (
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestAnActorIsPrintableAndBounded(t *testing.T) {
	t.Parallel()
	many := func(s string, n int) events.Actor { return events.Actor(strings.Repeat(s, n)) }
	for _, c := range []struct{ name, want events.Actor }{
		{"", ""},
		{"cli root@host", "cli root@host"},
		{"zoë@example.org/Café ☕", "zoë@example.org/Café ☕"},
		{"token a\nb\x00\u202e\xff", "token a\ufffdb\ufffd\ufffd\ufffd"},
		{many("x", 256), many("x", 256)},
		{many("x", 300), many("x", 256)},
		{many("x", 255) + "é", many("x", 255)},
		{many("x", 254) + "éé", many("x", 254) + "é"},
		{many("\n", 100), many("\ufffd", 85)}, // longer than it was
	} {
		got := c.name.Fit()
		if got != c.want {
			t.Errorf("%q becomes %q, not %q", c.name, got, c.want)
		}
		if again := got.Fit(); again != got {
			t.Errorf("%q becomes %q the second time", got, again)
		}
	}
}
