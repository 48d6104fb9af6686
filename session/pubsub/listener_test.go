package pubsub_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/pubsub"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A client is a listener with the events that it was sent.
type client struct {
	*pubsub.Listener
	t    *testing.T
	sent []string
}

func (w *world) client(full string) *client {
	c := &client{t: w.t}
	c.Listener = pubsub.NewListener(w.Service, events.StoredJID(full), func(b []byte) bool {
		c.sent = append(c.sent, string(b))
		return true
	})
	return c
}

// verOfN is the verification string of clients that ask for the node n (XEP-0115,
// 5.1).
const verOfN = "VVzOVx8tnDukVACJEq5KoZ/ql0Q="

// comes becomes available with a string; what it was sent then comes back.
func (c *client) comes(ver string) []string {
	c.sent = nil
	c.Learn(parse(c.t, "<presence><c xmlns='"+stanza.NSCaps+"' hash='sha-1' node='urn:example:c' ver='"+ver+"'/></presence>"))
	return c.sent
}

// answers says that the client wants the node n.
func (c *client) answers(question string) []string {
	c.sent = nil
	id := parse(c.t, question).ID()
	c.Answered(parse(c.t, "<iq type='result' id='"+id+"'><query xmlns='"+stanza.NSDiscoInfo+"'>"+
		"<identity category='client' type='pc'/><feature var='n+notify'/></query></iq>"))
	return c.sent
}

func event(from, node string) string {
	return "<message from='" + from + "' type='headline'><event xmlns='" + stanza.NSPubSubEvent + "'><items node='" + node + "'/></event></message>"
}

// TestAClientGetsWhatItAsksFor: before it has said what, the account's own alone.
func TestAClientGetsWhatItAsksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client("bob@x/1")
	wants := func(from, node string, want bool) {
		t.Helper()
		got := string(c.Wants(parse(t, event(from, node))))
		if (got != "") != want || want && !strings.Contains(got, "to='bob@x'") {
			t.Errorf("of %s at %s it is given %q", node, from, got)
		}
	}
	wants("alice@x", "n", false)
	wants("bob@x", "other", true)
	question := c.comes(verOfN)
	if len(question) != 1 || !strings.Contains(question[0], "node='urn:example:c#"+verOfN+"'") {
		t.Fatalf("it was asked %q", question)
	}
	c.answers(question[0])
	wants("alice@x", "n", true)
	wants("alice@x", "other", false)
	wants("bob@x", "other", false)
	c.Forget()
	wants("alice@x", "n", false)
}

// TestAClientIsBelievedForOthersOnlyIfItsStringFits (XEP-0115, 9).
func TestAClientIsBelievedForOthersOnlyIfItsStringFits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ver   string
		asked int // the second client of that string
	}{{verOfN, 0}, {"forged", 1}} {
		w := newWorld(t)
		first, second := w.client("bob@x/1"), w.client("carol@x/1")
		first.answers(first.comes(c.ver)[0])
		if question := second.comes(c.ver); len(question) != c.asked {
			t.Errorf("%s: the second client was asked %q", c.ver, question)
		}
	}
}

// TestLastItemsAreReadOnce: they are shown to each client that comes, and read again
// only where they are not followed (XEP-0163, 4.3.4).
func TestLastItemsAreReadOnce(t *testing.T) {
	for _, c := range []struct {
		followed bool
		reads    int // at the second client
	}{{true, 0}, {false, 2}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.sees("bob", "alice")
			w.publish("alice@x/1", "n", "Ally")
			w.publish("alice@x/1", "other", "Other")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.followed {
				go w.Follow(ctx)
				synctest.Wait()
			}
			first, second := w.client("bob@x/1"), w.client("bob@x/2")
			for i, shown := range [][]string{first.answers(first.comes(verOfN)[0]), nil} {
				if i == 1 {
					w.gets = 0
					shown = second.comes(verOfN)
				}
				if len(shown) != 1 || !strings.Contains(shown[0], "Ally") || !strings.Contains(shown[0], "to='bob@x'") {
					t.Errorf("client %d was shown %q", i+1, shown)
				}
			}
			if w.gets != c.reads {
				t.Errorf("followed %t: the second client made %d documents be read", c.followed, w.gets)
			}
		})
	}
}
