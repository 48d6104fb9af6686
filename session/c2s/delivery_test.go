package c2s_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// away is the "priority" of a resource that is connected and not available.
const away = 1000

// TestMessagesGoWhereTheTableSays is RFC 6121, 8.5.2, 8.5.3 and table 1, for
// every type, every form of address and states of the recipient's resources,
// with the server's choices: the most available resources that are tied get a
// message, and one that nobody gets is stored or refused.
func TestMessagesGoWhereTheTableSays(t *testing.T) {
	t.Parallel()
	states := [][]int{
		{}, {away}, {-1}, {-1, away}, {0}, {0, away}, {0, -1}, {0, 0}, {1, 0}, {1, 1, 0, -1}, {5, 5, away, -128}, {127},
	}
	for _, nodes := range []int{1, 2} {
		for _, state := range states {
			t.Run(fmt.Sprintf("connectors=%d/resources=%v", nodes, state), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { checkDelivery(t, nodes, state) })
			})
		}
	}
}

func checkDelivery(t *testing.T, nodes int, state []int) {
	w := newWorld(t, nodes, nil)
	defer w.close()
	w.users("alice", "bob")
	sender := w.nodes[0].connect("alice")
	sender.login("alice", "a")
	var bobs []*client
	for i, priority := range state {
		c := w.nodes[i%nodes].connect(fmt.Sprint("bob", i))
		c.login("bob", fmt.Sprint(i))
		if priority != away {
			c.send(fmt.Sprintf("<presence><priority>%d</priority></presence>", priority))
		}
		bobs = append(bobs, c)
	}
	synctest.Wait()
	addresses := []string{"bob@localhost", "bob@localhost/gone", "nobody@localhost", "nobody@localhost/x"}
	for i := range state {
		addresses = append(addresses, fmt.Sprint("bob@localhost/", i))
	}
	for _, kind := range []string{"", "normal", "chat", "groupchat", "headline", "error", "fax"} {
		for _, to := range addresses {
			for _, c := range append(bobs, sender) {
				c.take()
			}
			w.waiting.empty()
			attr := ""
			if kind != "" {
				attr = " type='" + kind + "'"
			}
			sender.send("<message id='1' to='" + to + "'" + attr + "><body>hi</body></message>")
			synctest.Wait()
			got, want := w.outcome(sender, bobs), expected(kind, to, state)
			if got != want {
				t.Errorf("type %q to %s: %s, want %s", kind, to, got, want)
			}
		}
	}
}

// outcome says what became of the message.
func (w *world) outcome(sender *client, bobs []*client) string {
	var parts []string
	for i, c := range bobs {
		if n := len(c.take()); n > 0 {
			parts = append(parts, fmt.Sprintf("%d times to %d", n, i))
		}
	}
	if n := w.waiting.empty(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d times stored", n))
	}
	for _, answer := range sender.take() {
		if !strings.Contains(answer, "<service-unavailable") {
			parts = append(parts, answer)
		}
		parts = append(parts, "refused")
	}
	if parts == nil {
		return "ignored"
	}
	return strings.Join(parts, ", ")
}

// expected is the table, told anew.
func expected(kind, to string, state []int) string {
	account, resource, full := strings.Cut(to, "/")
	exists := account == "bob@localhost"
	if full && exists && resource != "gone" {
		return "1 times to " + resource // whatever the type, and if it is not available
	}
	highest := slices.Max(append(slices.DeleteFunc(slices.Clone(state), func(p int) bool { return p == away }), -1000))
	var best, nonNegative []string
	for i, p := range state {
		if p != away && p >= 0 {
			nonNegative = append(nonNegative, fmt.Sprint("1 times to ", i))
			if p == highest {
				best = append(best, fmt.Sprint("1 times to ", i))
			}
		}
	}
	switch {
	case kind == "error":
		return "ignored"
	case kind == "headline" && (full || !exists || len(nonNegative) == 0):
		return "ignored"
	case kind == "headline":
		return strings.Join(nonNegative, ", ")
	case kind == "groupchat", !exists, full && kind != "chat":
		return "refused"
	case len(best) == 0:
		return "1 times stored"
	}
	return strings.Join(best, ", ")
}
