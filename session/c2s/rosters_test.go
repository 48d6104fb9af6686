package c2s_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// pair runs a test in a bubble with two connectors.
func pair(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		w.users("alice", "bob", "carol")
		test(t, w)
	})
}

const askRoster = "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>"

func setItem(id, jid, name string) string {
	return fmt.Sprintf("<iq type='set' id='%s'><query xmlns='jabber:iq:roster'><item jid='%s' name='%s'/></query></iq>", id, jid, name)
}

func TestRostersChangedOnTwoConnectorsAtOnceLoseNothing(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		var clients []*client
		for i, n := range w.nodes {
			c := n.connect(fmt.Sprint("a", i))
			c.login("alice", fmt.Sprint(i))
			c.send(askRoster)
			clients = append(clients, c)
		}
		synctest.Wait()
		const each = 20
		for i := range each {
			for j, c := range clients {
				c.send(setItem("s", fmt.Sprintf("friend%d-%d@localhost", i, j), "x"))
			}
		}
		for _, c := range clients {
			got := c.answers()
			if n := strings.Count(got, "id='s' type='result'"); n != each {
				t.Errorf("%s got %d results, want %d", c.name, n, each)
			}
			if n := strings.Count(got, "<item "); n != 2*each {
				t.Errorf("%s was pushed %d items, want %d", c.name, n, 2*each)
			}
		}
		if n := w.roster(bare("alice")).Len(); n != 2*each {
			t.Errorf("the roster has %d items, want %d", n, 2*each)
		}
	})
}

func TestAnOvertakenRosterSetIsDecidedAgain(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		c := w.nodes[0].connect("a")
		c.login("alice", "a")
		c.send(askRoster)
		c.answers()
		// Another connector's change gets in between, for an account that is here
		// and for one that is not.
		w.rosters.overtake = func() {
			w.edit(bare("alice"), func(r *roster.Roster) (roster.Change, error) { return r.Set(bare("carol"), "C", nil) })
		}
		c.send(setItem("1", "bob@localhost", "B"))
		if got := c.answers(); strings.Count(got, "<item ") != 2 || strings.Count(got, "id='1' type='result'") != 1 {
			t.Errorf("alice was sent %s, want a result and two pushes", got)
		}
		w.rosters.overtake = func() {
			w.rosters.overtake = func() {
				w.edit(bare("bob"), func(r *roster.Roster) (roster.Change, error) { return r.Set(bare("carol"), "C", nil) })
			}
		}
		c.send("<presence type='subscribe' to='bob@localhost'/>")
		c.answers()
		r := w.roster(bare("bob"))
		if _, ok := r.Get(bare("carol")); !ok || len(w.requests("bob")) != 1 {
			t.Errorf("bob's roster lacks carol or alice's request")
		}
	})
}

func (w *world) requests(user string) (list []roster.Request) {
	for r := range w.roster(bare(user)).Requests() {
		list = append(list, r)
	}
	return list
}

// A connector that has not heard of a change yet must not say that there is
// nothing to do: no compare-and-set would find out.
func TestARequestIsRefusedThoughTheRostersWatchIsLate(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		a, b := w.nodes[0].connect("a"), w.nodes[1].connect("b")
		a.login("alice", "a")
		a.send(askRoster + "<presence/>")
		b.login("bob", "b")
		b.send(setItem("1", "carol@localhost", "C") + "<presence/>") // so that bob's roster is known here
		b.answers()
		w.rosters.hold(true)
		a.send("<presence type='subscribe' to='bob@localhost'/>")
		if got := b.answers(); strings.Contains(got, "type='subscribe'") {
			t.Fatalf("bob was sent %s, although nobody has told his connector", got)
		}
		b.send("<presence type='unsubscribed' to='alice@localhost'/>")
		a.answers()
		if n := len(w.requests("bob")); n != 0 {
			t.Errorf("%d requests wait for bob, who has answered", n)
		}
		w.rosters.hold(false)
		if got := a.answers(); !strings.Contains(got, "subscription='none'/>") {
			t.Errorf("alice was pushed %s, want that she no longer asks", got)
		}
		if item, _ := w.roster(bare("alice")).Get(bare("bob")); item.Ask {
			t.Error("alice's roster still asks")
		}
	})
}

// TestASetThatFindsItsItemThereIsAnsweredByIt: another connector has set the same,
// and here nobody has heard of it yet.
func TestASetThatFindsItsItemThereIsAnsweredByIt(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		a := w.login("alice", "a", setItem("1", "bob@localhost", "B")+askRoster)
		w.rosters.hold(true)
		w.edit(bare("alice"), func(r *roster.Roster) (roster.Change, error) { return r.Set(bare("bob"), "Bob", nil) })
		a.send(setItem("2", "bob@localhost", "Bob"))
		got := a.answers()
		if _, pushes, ok := strings.Cut(got, "id='2' type='result'"); !ok || !strings.Contains(pushes, "name='Bob'") {
			t.Errorf("alice was sent %s, want the result and then a push of what she has set", got)
		}
		w.rosters.hold(false)
	})
}

func TestABrokenRosterDocumentRefusesTheResourceAndHarmsNobodyElse(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		if _, err := w.rosters.Put(ctx, bare("alice"), []byte("garbage"), 0); err != nil {
			t.Fatal(err)
		}
		a := w.nodes[0].connect("a")
		a.login("alice", "a")
		if got := a.answers(); !strings.Contains(got, "<internal-server-error") {
			t.Errorf("alice was sent %s, want internal-server-error", got)
		}
		b := w.login("bob", "b")
		b.send("<presence type='subscribe' to='alice@localhost'/>")
		if got := b.answers(); !strings.Contains(got, "<internal-server-error") {
			t.Errorf("bob was sent %s, want internal-server-error", got)
		}
		b.mustLive(t)
	})
}

func TestARosterThatChangedWhileNobodyWasHereIsKnownWithoutReading(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		n := w.nodes[0]
		first := n.connect("a")
		first.login("alice", "first")
		first.send("</stream:stream>")
		first.answers()
		w.watch("alice", "bob")
		b := w.nodes[1].connect("b")
		b.login("bob", "b")
		b.send("<presence/>")
		synctest.Wait()
		w.rosters.mu.Lock()
		w.rosters.down = true
		w.rosters.mu.Unlock()
		second := n.connect("a")
		second.login("alice", "second")
		second.send(askRoster + "<presence/>")
		got := second.answers()
		for _, want := range []string{"<item jid='bob@localhost' subscription='to'/>", "<presence from='bob@localhost/b'"} {
			if !strings.Contains(got, want) {
				t.Errorf("alice was sent %s, want %s in it", got, want)
			}
		}
	})
}
