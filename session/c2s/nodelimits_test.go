package c2s_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/session/pep"
)

// TestNodesAndAffiliatesHaveALimit: one more is refused by name, and those that
// are there stay and can be changed.
func TestNodesAndAffiliatesHaveALimit(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		var s *pep.Store
		for i := range pep.MaxNodes {
			s, _ = s.Configure(pep.Key{Kind: pep.Event, Name: fmt.Sprint(i)}, pep.Config{})
		}
		if _, err := w.private.Put(context.Background(), bare("alice"), s.Encode(), 0); err != nil {
			t.Fatal(err)
		}
		a := w.login("alice", "a")
		a.publish("another", "")
		if got := a.answers(); !strings.Contains(got, "<max-nodes-exceeded") {
			t.Errorf("one node more: %s", got)
		}
		affiliate := func(from, to int) string {
			var b strings.Builder
			for i := from; i < to; i++ {
				fmt.Fprintf(&b, "<affiliation jid='%d@localhost' affiliation='member'/>", i)
			}
			a.send("<iq type='set' id='a'><pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><affiliations node='0'>" +
				b.String() + "</affiliations></pubsub></iq>")
			return a.answers()
		}
		if got := affiliate(0, pep.MaxAffiliates); !strings.Contains(got, "type='result'") {
			t.Errorf("as many as there may be: %s", got)
		}
		if got := affiliate(pep.MaxAffiliates, pep.MaxAffiliates+1); !strings.Contains(got, "<resource-constraint") {
			t.Errorf("one affiliate more: %s", got)
		}
		a.publish("0", "")
		if got := a.answers(); !strings.Contains(got, "type='result'") {
			t.Errorf("a node that is there: %s", got)
		}
	})
}

func TestSubscriptionsOfOneAccountHaveALimit(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		w.watch("bob", "alice")
		a, b := w.login("alice", "a"), w.login("bob", "b")
		a.publish("n", "")
		a.answers()
		for i := range pep.MaxSubscriptions + 1 {
			b.send(fmt.Sprintf("<iq type='set' id='s' to='alice@localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"+
				"<subscribe node='n' jid='bob@localhost/%d'/></pubsub></iq>", i))
			want := "type='result'"
			if i == pep.MaxSubscriptions {
				want = "<too-many-subscriptions"
			}
			if got := b.answers(); !strings.Contains(got, want) {
				t.Errorf("subscription %d: %s", i, got)
			}
		}
	})
}

// TestAnItemIsSentOnceHoweverOftenItIsNamed, or a small request would have a large
// answer.
func TestAnItemIsSentOnceHoweverOftenItIsNamed(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		a := w.login("alice", "a")
		a.publish("n", "<data xmlns='urn:xmpp:avatar:data'>"+strings.Repeat("A", 100_000)+"</data>")
		a.answers()
		a.send("<iq type='get' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'>" +
			strings.Repeat("<item id='i'/>", 1_000) + "</items></pubsub></iq>")
		if got := a.answers(); !strings.Contains(got, "id='1' type='result'") || len(got) > 110_000 {
			t.Errorf("%d bytes were sent", len(got))
		}
	})
}
