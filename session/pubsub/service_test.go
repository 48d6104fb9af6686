package pubsub_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/session/pubsub"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// TestEventsGoOutAfterTheAnswer: the client that publishes is shown what it has
// published, and knows by then that it has.
func TestEventsGoOutAfterTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.available("alice@x/1")
	told := w.publish("alice@x/1", "n", "A")
	if len(told) != 2 || !strings.HasPrefix(told[0], "answer ") || !strings.HasPrefix(told[1], "alice@x/1 wanted=true") {
		t.Errorf("told were %q", told)
	}
}

// TestWhoIsShownAnEvent goes through the access models (XEP-0060, 4.5) and those who
// may be there: friend gets alice's presence, and so does foe, whom she blocks;
// member and outcast have these affiliations, and the presence as well.
func TestWhoIsShownAnEvent(t *testing.T) {
	t.Parallel()
	for access, want := range map[string][]string{
		"presence":  {"alice@x/1", "friend@x/1", "member@x/1"},
		"open":      {"alice@x/1", "friend@x/1", "member@x/1"},
		"whitelist": {"alice@x/1", "member@x/1"},
		"roster":    {"alice@x/1", "member@x/1"}, // no group is named
	} {
		t.Run(access, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, name := range []string{"alice", "friend", "foe", "member", "outcast", "stranger"} {
				w.available(name + "@x/1")
				if name != "alice" && name != "stranger" {
					w.sees(name, "alice")
				}
			}
			w.blocked[[2]string{"alice@x", "foe@x"}] = true
			w.configure("alice@x/1", "n", access)
			w.must("alice@x/1", "alice", "set", "<pubsub xmlns='"+pubsub.NSOwner+"'><affiliations node='n'>"+
				"<affiliation jid='member@x' affiliation='member'/><affiliation jid='outcast@x' affiliation='outcast'/></affiliations></pubsub>")
			if got := shown(w.publish("alice@x/1", "n", "A")); !slices.Equal(got, want) {
				t.Errorf("shown were %q, want %q", got, want)
			}
		})
	}
}

// TestASubscriberIsShownAnEventOnce: by the full JID that has subscribed, or by the
// account, and not again as a contact. It need not say what it wants.
func TestASubscriberIsShownAnEventOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sees("bob", "alice")
	w.available("bob@x/1")
	w.available("bob@x/2")
	w.configure("alice@x/1", "n", "open")
	for _, jid := range []string{"bob@x", "bob@x/1"} {
		w.must("bob@x/1", "alice", "set", "<pubsub xmlns='"+pubsub.NS+"'><subscribe node='n' jid='"+jid+"'/></pubsub>")
	}
	told := w.publish("alice@x/1", "n", "A")
	if got := shown(told); !slices.Equal(got, []string{"bob@x/1", "bob@x/2"}) {
		t.Fatalf("told were %q", told)
	}
	for _, line := range told[1:] {
		to, message, _ := strings.Cut(line, " wanted=false ")
		want := "to='bob@x'"
		if to == "bob@x/1" {
			want = "to='bob@x/1'"
		}
		if !strings.Contains(message, want) {
			t.Errorf("%s was sent %s", to, message)
		}
	}
}

// TestWhatIsRefused has a stranger's requests, and an owner's that are wrong.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish("alice@x/1", "n", "A")
	w.configure("alice@x/1", "closed", "whitelist")
	in := func(ns, inner string) string { return "<pubsub xmlns='" + ns + "'>" + inner + "</pubsub>" }
	for _, c := range []struct {
		from, typ, payload string
		want               stanza.Condition
		app                string
	}{
		{"eve@x/1", "get", in(pubsub.NS, "<items node='n'/>"), stanza.NotAuthorized, "presence-subscription-required"},
		{"eve@x/1", "get", in(pubsub.NS, "<items node='closed'/>"), stanza.NotAllowed, "closed-node"},
		{"eve@x/1", "get", in(pubsub.NS, "<items node='none'/>"), stanza.ItemNotFound, ""},
		{"eve@x/1", "set", in(pubsub.NS, "<publish node='n'><item/></publish>"), stanza.Forbidden, ""},
		{"eve@x/1", "get", in(pubsub.NSOwner, "<configure node='n'/>"), stanza.Forbidden, ""},
		{"eve@x/1", "set", in(pubsub.NSOwner, "<delete node='n'/>"), stanza.Forbidden, ""},
		{"eve@x/1", "set", in(pubsub.NS, "<subscribe node='n' jid='bob@x'/>"), stanza.BadRequest, "invalid-jid"},
		{"eve@x/1", "set", in(pubsub.NS, "<unsubscribe node='n' jid='eve@x'/>"), stanza.UnexpectedRequest, "not-subscribed"},
		{"alice@x/1", "set", in(pubsub.NS, "<publish><item/></publish>"), stanza.BadRequest, "nodeid-required"},
		{"alice@x/1", "set", in(pubsub.NS, "<publish node='n'/>"), stanza.BadRequest, "item-required"},
		{"alice@x/1", "set", in(pubsub.NS, "<retract node='n'><item id='other'/></retract>"), stanza.ItemNotFound, ""},
		{"alice@x/1", "set", in(pubsub.NS, "<create node='n'/>"), stanza.Conflict, ""},
		{"alice@x/1", "get", in(pubsub.NS, "<unknown/>"), stanza.FeatureNotImplemented, ""},
	} {
		before := w.last
		told, err := w.ask(c.from, "alice", c.typ, c.payload)
		answer := pubsub.Refusal(err)
		if answer == nil && !errors.As(err, &answer) {
			t.Errorf("%s by %s: %v", c.payload, c.from, err)
			continue
		}
		if answer.Condition != c.want || !strings.Contains(answer.App, c.app) || len(told) > 0 || w.last != before {
			t.Errorf("%s by %s: %s %s, and told were %q", c.payload, c.from, answer.Condition, answer.App, told)
		}
	}
}
