package c2s_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

const nsDisco = "http://jabber.org/protocol/disco#info"

// TestTheCapsAreThoseOfTheAnswer computes XEP-0115, 5.1, from what disco#info
// says, and compares it with the stream feature.
func TestTheCapsAreThoseOfTheAnswer(t *testing.T) {
	for name, tune := range map[string]func(*c2s.Config){
		"everything": nil,
		"least":      func(c *c2s.Config) { c.Offline, c.Blocked, c.Private = nil, nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			alone(t, tune, func(t *testing.T, w *world) {
				a := w.login("alice", "a")
				a.send("<iq type='get' id='1' to='localhost'><query xmlns='" + nsDisco + "'/></iq>")
				var features []string
				for _, f := range regexp.MustCompile(`var='([^']*)'`).FindAllStringSubmatch(a.answers(), -1) {
					features = append(features, f[1])
				}
				slices.Sort(features)
				sum := sha1.Sum([]byte("server/im//Rollcall<" + strings.Join(features, "<") + "<"))
				node := "urn:rollcall#" + base64.StdEncoding.EncodeToString(sum[:])
				a.send("<iq type='get' id='2' to='localhost'><query xmlns='" + nsDisco + "' node='" + node + "'/></iq>")
				if got := a.answers(); !strings.Contains(got, "id='2' type='result'") {
					t.Errorf("the features are %q, of which the caps are not: %s", features, got)
				}
			})
		})
	}
}

// TestWhatIsOffIsNotOffered is the rule of the table of extensions.
func TestWhatIsOffIsNotOffered(t *testing.T) {
	alone(t, func(c *c2s.Config) { c.Blocked, c.Private = nil, nil }, func(t *testing.T, w *world) {
		a := w.login("alice", "a")
		a.send("<iq type='get' id='1' to='localhost'><query xmlns='" + nsDisco + "'/></iq>")
		a.send("<iq type='get' id='1' to='alice@localhost'><query xmlns='" + nsDisco + "'/></iq>")
		if got := a.answers(); regexp.MustCompile("blocking|private|pubsub|vcard").MatchString(got) {
			t.Errorf("offered: %s", got)
		}
		for _, payload := range []string{
			"<blocklist xmlns='urn:xmpp:blocking'/>", "<vCard xmlns='vcard-temp'/>",
			"<query xmlns='jabber:iq:private'><x xmlns='urn:example:x'/></query>",
			"<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='x'/></pubsub>",
		} {
			a.send("<iq type='get' id='2'>" + payload + "</iq>")
			if got := a.answers(); !strings.Contains(got, "<service-unavailable") {
				t.Errorf("%s was answered by %s", payload, got)
			}
		}
	})
}

func TestABlockListHasALimit(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		a := w.login("alice", "a")
		block := func(from, to int) string {
			var b strings.Builder
			for i := from; i < to; i++ {
				fmt.Fprintf(&b, "<item jid='spam%d@localhost'/>", i)
			}
			a.send("<iq type='set' id='1'><block xmlns='urn:xmpp:blocking'>" + b.String() + "</block></iq>")
			return a.answers()
		}
		if got := block(0, 1000); !strings.Contains(got, "type='result'") {
			t.Errorf("1000 JIDs: %s", got)
		}
		if got := block(1000, 1001); !strings.Contains(got, "<resource-constraint") {
			t.Errorf("one more: %s", got)
		}
		if got := block(0, 1000); !strings.Contains(got, "type='result'") {
			t.Errorf("the same again: %s", got)
		}
	})
}

// TestABlockListFitsItsDocument: fewer JIDs can be blocked if they are long.
func TestABlockListFitsItsDocument(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		a := w.login("alice", "a")
		part := strings.Repeat("x", 1_000)
		stored := 0
		for i := 0; ; i++ {
			var b strings.Builder
			for j := range 50 {
				fmt.Fprintf(&b, "<item jid='%d.%d.%s@localhost/%s'/>", i, j, part, part)
			}
			a.send("<iq type='set' id='1'><block xmlns='urn:xmpp:blocking'>" + b.String() + "</block></iq>")
			if got := a.answers(); strings.Contains(got, "<resource-constraint") {
				break
			} else if !strings.Contains(got, "type='result'") {
				t.Fatalf("request %d: %s", i, got)
			}
			stored += 50
		}
		if least := events.MaxDocument/2_100 - 50; stored < least {
			t.Errorf("%d JIDs are blocked, want %d", stored, least)
		}
		a.send("<iq type='set' id='1'><unblock xmlns='urn:xmpp:blocking'/></iq>")
		if got := a.answers(); !strings.Contains(got, "type='result'") {
			t.Errorf("unblocked: %s", got)
		}
	})
}

func TestABlockHoldsAfterTheConnectorStartsAgain(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		a := w.login("alice", "a")
		a.send("<iq type='set' id='1'><block xmlns='urn:xmpp:blocking'><item jid='bob@localhost'/></block></iq>")
		a.answers()
		w.nodes = append(w.nodes, w.start("c3"))
		b := w.nodes[2].connect("bob")
		b.login("bob", "b")
		b.answers()
		b.send("<message to='alice@localhost/a'><body>x</body></message>")
		if got := b.answers(); !strings.Contains(got, "<service-unavailable") {
			t.Errorf("bob, whom alice blocks, was sent %s", got)
		}
	})
}

func TestWhatAnAccountStoresHasALimit(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		a := w.login("alice", "a")
		publish := func(node string) string {
			a.send("<iq type='set' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='" + node +
				"'><item id='x'><data xmlns='urn:xmpp:avatar:data'>" + strings.Repeat("A", 200_000) + "</data></item></publish></pubsub></iq>")
			return a.answers()
		}
		for _, node := range []string{"one", "two", "one"} {
			if got := publish(node); !strings.Contains(got, "type='result'") {
				t.Errorf("%s: %s", node, got)
			}
		}
		if got := publish("three"); !strings.Contains(got, "<resource-constraint") {
			t.Errorf("600 kB: %s", got)
		}
		if got := publish("two"); !strings.Contains(got, "type='result'") {
			t.Errorf("in place of what is there: %s", got)
		}
	})
}

// TestWhatIsHeldForAnInactiveClientHasALimit: at it all goes out, in order.
func TestWhatIsHeldForAnInactiveClientHasALimit(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		quiet := w.login("alice", "quiet", "<presence/>")
		quiet.send("<inactive xmlns='urn:xmpp:csi:0'/>")
		quiet.answers()
		a := w.login("alice", "a")
		const most = 200
		for i := range most {
			a.send(fmt.Sprintf("<iq type='set' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='%d'/></publish></pubsub></iq>", i))
		}
		a.answers()
		if got := quiet.answers(); got != "" {
			t.Errorf("up to the limit %d bytes were sent", len(got))
		}
		a.send("<iq type='set' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='last'/></publish></pubsub></iq>")
		a.answers()
		got := regexp.MustCompile(`<item id='(\w+)'`).FindAllStringSubmatch(quiet.answers(), -1)
		if len(got) != most+1 || got[0][1] != "0" || got[most][1] != "last" {
			t.Errorf("beyond the limit these items were shown: %q", got)
		}
	})
}
