package presence_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// TestAChangeIsShownToThoseThatMaySeeIt: the account's own resources and those of
// accounts that watch it, once each.
func TestAChangeIsShownToThoseThatMaySeeIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		alice, second, bob, eve := w.available("alice@x/1"), w.available("alice@x/2"), w.available("bob@x/1"), w.available("eve@x/1")
		away := w.bind("bob@x/away")
		w.friends(alice, bob)
		second.takes()
		away.takes()
		alice.show("busy")
		for _, r := range []*resource{alice, second, bob} {
			r.want("from='alice@x/1' to='" + r.jid.Bare().String() + "'><status>busy<")
		}
		eve.want()
		away.want()
		alice.event(events.Closed{Reason: events.ReasonClient})
		alice.want()
		second.want("type='unavailable'")
		bob.want("type='unavailable'")
		if !slices.Equal(w.ended, []events.SessionID{alice.id}) {
			t.Errorf("the ends of %v were told", w.ended)
		}
	})
}

// TestWhoeverComesIsShownWhoIsThere, since when it is so, and who wants to watch it.
func TestWhoeverComesIsShownWhoIsThere(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		alice, bob, carol := w.available("alice@x/1"), w.available("bob@x/1"), w.available("carol@x/1")
		w.friends(alice, bob)
		carol.subscribes("subscribe", bob)
		again := w.bind("bob@x/2")
		again.show("")
		again.want("from='bob@x/2'", "from='bob@x/1'", "from='alice@x/1'", "type='subscribe'")
		if err := again.Probe(alice.jid); err != nil {
			t.Fatal(err)
		}
		again.want("from='alice@x/1' to='bob@x'><status></status><delay ")
		if err := again.Probe(carol.jid); err != nil {
			t.Fatal(err)
		}
		again.want("from='carol@x' to='bob@x' type='unsubscribed'")
	})
}

// TestASubscriptionIsShownToBoth in the order of RFC 6121, 3.1: the stanza, the push,
// the presence.
func TestASubscriptionIsShownToBoth(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		alice, bob := w.available("alice@x/1"), w.available("bob@x/1")
		for _, r := range []*resource{alice, bob} {
			r.ShowRoster(parse(t, "<query xmlns='"+stanza.NSRoster+"'/>"), r.answerWith)
			r.want("answer <query")
		}
		alice.subscribes("subscribe", bob)
		alice.want("<item jid='bob@x' subscription='none' ask='subscribe'/>")
		bob.want("type='subscribe'")
		bob.subscribes("subscribed", alice)
		alice.want("type='subscribed'", "<item jid='bob@x' subscription='to'/>", "from='bob@x/1'")
		bob.want("<item jid='alice@x' subscription='from'/>")
		if !slices.Equal(w.granted, []string{"bob alice"}) || !alice.Watches(bob.jid.Bare()) || !bob.Shows(alice.jid.Bare()) {
			t.Errorf("granted were %q", w.granted)
		}
		for _, to := range []string{"alice@x", "carol@elsewhere"} {
			if err := alice.subscription("subscribe", events.StoredJID(to)); err == nil {
				t.Errorf("subscribing to %s is not refused", to)
			}
		}
	})
}

// TestTheAnswerComesBeforeThePush (RFC 6121, 2.1.6), which the resources that have
// asked for the roster get.
func TestTheAnswerComesBeforeThePush(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		one, two, three := w.bind("alice@x/1"), w.bind("alice@x/2"), w.bind("alice@x/3")
		for _, r := range []*resource{one, two} {
			r.ShowRoster(parse(t, "<query xmlns='"+stanza.NSRoster+"'/>"), func(string) {})
		}
		set := func(inner string) error {
			return one.SetRoster(parse(t, "<query xmlns='"+stanza.NSRoster+"'>"+inner+"</query>"), one.answer)
		}
		if err := set("<item jid='bob@x' name='B'/>"); err != nil {
			t.Fatal(err)
		}
		one.want("answer", "name='B'")
		two.want("name='B'")
		three.want()
		if err := set("<item jid='bob@x' name='B'/>"); err != nil { // 2.4.2: the same again
			t.Fatal(err)
		}
		one.want("answer", "name='B'")
		two.want()
		for _, wrong := range []string{"", "<item jid='a@x'/><item jid='b@x'/>", "<item/>", "<other/>"} {
			if set(wrong) == nil {
				t.Errorf("a set of %q is not refused", wrong)
			}
		}
		one.want()
	})
}

// TestABlockHidesBothFromEachOther (XEP-0191, 3.3), after the answer and the push,
// until it is taken back (3.4).
func TestABlockHidesBothFromEachOther(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		alice, bob := w.available("alice@x/1"), w.available("bob@x/1")
		w.friends(alice, bob)
		alice.ShowBlockList(alice.answerWith)
		alice.want("answer <blocklist")
		item := "<item jid='bob@x'/>"
		if err := alice.Block(parse(t, "<block xmlns='"+stanza.NSBlocking+"'>"+item+"</block>"), alice.answer); err != nil {
			t.Fatal(err)
		}
		alice.want("answer", "<block xmlns='urn:xmpp:blocking'>"+item, "from='bob@x/1' to='alice@x' type='unavailable'")
		bob.want("from='alice@x/1' to='bob@x' type='unavailable'")
		message := parse(t, "<message to='x'/>")
		if stop, err := alice.Stops(message, bob.jid); !stop || err == nil || !strings.Contains(err.(*stanza.Error).App, "<blocked") {
			t.Errorf("alice, who blocks bob, is told %v", err)
		}
		if stop, err := bob.Stops(message, alice.jid); !stop || err == nil || err.(*stanza.Error).Condition != stanza.ServiceUnavailable {
			t.Errorf("bob, whom alice blocks, is told %v", err)
		}
		alice.show("busy")
		alice.want("busy")
		bob.want()
		if err := alice.Unblock(parse(t, "<unblock xmlns='"+stanza.NSBlocking+"'>"+item+"</unblock>"), alice.answer); err != nil {
			t.Fatal(err)
		}
		alice.want("answer", "<unblock xmlns='urn:xmpp:blocking'>"+item, "from='bob@x/1'")
		bob.want("busy")
	})
}

// TestNobodyIsHeldBeforeDocumentsAreFollowed, since what was read before might be out
// of date for ever.
func TestNobodyIsHeldBeforeDocumentsAreFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		held := make(chan error, 1)
		go func() {
			_, err := w.Hold(ctx, events.StoredJID("alice@x"))
			held <- err
		}()
		for _, follow := range []func(context.Context) error{w.FollowRosters, w.FollowBlocked} {
			synctest.Wait()
			if len(held) > 0 {
				t.Fatal("an account is held too early")
			}
			go follow(ctx)
		}
		if err := <-held; err != nil {
			t.Fatal(err)
		}
	})
}
