package c2s_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// parcels counts those that went from one node to another.
func (n *node) parcels(to *node) int {
	n.post.mu.Lock()
	defer n.post.mu.Unlock()
	t := n.post.traffic(road{from: n, to: to.incarnation()})
	return int(t.number) + len(t.kept)
}

func TestAnEventGoesToAConnectorInOneParcel(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		var contacts []*client
		for i := range 20 {
			name := fmt.Sprint("contact", i)
			w.users(name)
			w.watch(name, "alice")
			c, _ := w.nodes[1].arrive(name, "x")
			contacts = append(contacts, c)
		}
		a := w.login("alice", "a", "<presence/>")
		before := w.nodes[0].parcels(w.nodes[1])
		a.publish(nick, named("Ally"))
		a.answers()
		if n := w.nodes[0].parcels(w.nodes[1]) - before; n != 1 {
			t.Errorf("%d parcels went to the other connector", n)
		}
		for i, c := range contacts {
			if got := c.answers(); strings.Count(got, "<message from='alice@localhost' to='"+bare(c.name).String()+"'") != 1 {
				t.Errorf("contact %d was sent %s", i, got)
			}
		}
	})
}

// TestAnEventReachesAContactThatHasJustCome: the publisher's connector does not
// know of the contact's login yet, and the contact was shown what was before.
func TestAnEventReachesAContactThatHasJustCome(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		w.watch("bob", "alice")
		a := w.login("alice", "a", "<presence/>")
		goOn := make(chan struct{})
		w.nodes[0].stuck.Store(&goOn)
		b, _ := w.nodes[1].arrive("bob", "x")
		a.publish(nick, named("Ally"))
		if got := a.answers(); !strings.Contains(got, "id='p' type='result'") {
			t.Fatalf("alice was sent %s", got)
		}
		w.nodes[0].stuck.Store(nil)
		close(goOn)
		if got := b.answers(); strings.Count(got, "Ally") != 1 {
			t.Errorf("bob was sent %s", got)
		}
	})
}

func TestAnEventDoesNotWaitForEverForTheTable(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		a := w.login("alice", "a", "<presence/>")
		goOn := make(chan struct{})
		w.nodes[0].stuck.Store(&goOn)
		w.nodes[1].arrive("bob", "x")
		a.publish(nick, named("Ally"))
		<-time.After(3 * time.Second)
		if got := a.answers(); strings.Count(got, "Ally") != 1 {
			t.Errorf("alice was sent %s", got)
		}
		w.nodes[0].stuck.Store(nil)
		close(goOn)
	})
}

// TestAnEventGoesByTheRosterAsItIs: the publisher's connector has not heard of
// the roster's change yet.
func TestAnEventGoesByTheRosterAsItIs(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		w.watch("bob", "alice")
		a := w.login("alice", "a", askRoster+"<presence/>")
		b, _ := w.nodes[1].arrive("bob", "x")
		c, _ := w.nodes[1].arrive("carol", "x")
		w.rosters.hold(true)
		w.edit(bare("alice"), func(r *roster.Roster) (roster.Change, error) { return r.Outbound(bare("bob"), roster.Unsubscribed) })
		w.watch("carol", "alice")
		a.publish(nick, named("Ally"))
		a.answers()
		if got := b.answers(); strings.Contains(got, "Ally") {
			t.Errorf("bob, who may no longer see it, was sent %s", got)
		}
		if got := c.answers(); strings.Count(got, "Ally") != 1 {
			t.Errorf("carol, who may see it now, was sent %s", got)
		}
		w.rosters.hold(false)
	})
}

// TestLastItemsReachAWatcherThatHasJustCome: the watcher's login is not known
// where the account lets it watch.
func TestLastItemsReachAWatcherThatHasJustCome(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		a := w.login("alice", "a", "<presence/>")
		a.publish(nick, named("Ally"))
		a.answers()
		goOn := make(chan struct{})
		w.nodes[0].stuck.Store(&goOn)
		b, _ := w.nodes[1].arrive("bob", "x")
		b.send("<presence type='subscribe' to='alice@localhost'/>")
		b.answers()
		a.send("<presence type='subscribed' to='bob@localhost'/>")
		synctest.Wait()
		w.nodes[0].stuck.Store(nil)
		close(goOn)
		if got := b.answers(); strings.Count(got, "Ally") != 1 {
			t.Errorf("bob was sent %s", got)
		}
	})
}

// TestSubscribersAreShownEventsOnAnyConnector is for those who do not watch the
// account, while sessions come and go.
func TestSubscribersAreShownEventsOnAnyConnector(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		subscribe := func(c *client, jid string) {
			t.Helper()
			c.send("<iq type='set' id='s' to='alice@localhost'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='" + nick +
				"' jid='" + jid + "'/></pubsub></iq>")
			if got := c.answers(); !strings.Contains(got, "id='s' type='result'") {
				t.Fatalf("%s was sent %s", c.name, got)
			}
		}
		a := w.login("alice", "a", "<presence/>")
		a.send("<iq type='set' id='c'><pubsub xmlns='http://jabber.org/protocol/pubsub'><create node='" + nick + "'/><configure>" +
			"<x xmlns='jabber:x:data' type='submit'><field var='pubsub#access_model'><value>open</value></field></x></configure></pubsub></iq>")
		a.answers()
		b, _ := w.nodes[1].arrive("bob", "x")
		subscribe(b, bare("bob").String())
		c, _ := w.nodes[1].arrive("carol", "x")
		subscribe(c, "carol@localhost/x")
		c.send("</stream:stream>")
		c.answers()
		second := w.login("bob", "second", "<presence/>")
		a.publish(nick, named("Ally"))
		a.answers()
		for _, bobs := range []*client{b, second} {
			if got := bobs.answers(); strings.Count(got, "Ally") != 1 {
				t.Errorf("%s was sent %s", bobs.name, got)
			}
		}
		for _, again := range []struct {
			resource string
			want     int
		}{{"x", 1}, {"y", 0}} {
			c := w.login("carol", again.resource, "<presence/>")
			a.publish(nick, named("Al"))
			a.answers()
			if got := c.answers(); strings.Count(got, ">Al<") != again.want {
				t.Errorf("carol/%s was sent %s", again.resource, got)
			}
		}
	})
}

// TestABlockedResourceIsShownNoEvents: a full JID can be blocked alone (XEP-0191,
// 2.1).
func TestABlockedResourceIsShownNoEvents(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		w.watch("bob", "alice")
		a := w.login("alice", "a", "<presence/>")
		a.send("<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='bob@localhost/x'/></block></iq>")
		a.publish(nick, named("Ally"))
		a.answers()
		blocked, shown := w.nodes[1].arrive("bob", "x")
		if _, shown := w.arrive("bob", "y"); !strings.Contains(shown, "Ally") {
			t.Errorf("bob/y was shown %s", shown)
		}
		a.publish(nick, named("Al"))
		a.answers()
		if got := shown + blocked.answers(); strings.Contains(got, "<message") {
			t.Errorf("bob/x was sent %s", got)
		}
	})
}
