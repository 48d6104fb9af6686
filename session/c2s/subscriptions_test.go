package c2s_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
)

// TestRostersAgreeWhateverIsSaidAtOnce is RFC 6121, 3 for two users with a client
// on each of two connectors, who say whatever they like of subscriptions, while
// documents, tables and parcels are late by chance. When all is quiet:
//
//   - one's roster says that it gets the other's presence exactly if the other's
//     says that it gives it, and that it has asked exactly if the other's has the
//     request;
//   - each client is shown the presence that its roster lets it see, and no other;
//   - what it was pushed is the roster.
func TestRostersAgreeWhateverIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		plan := rapid.SliceOfN(rapid.Custom(drawWord), 2, 30).Draw(rt, "plan")
		seed := rapid.Uint64().Draw(rt, "seed")
		slow := rapid.SampledFrom([]int{1, 5, 30}).Draw(rt, "slow")
		var problems []string
		synctest.Test(t, func(t *testing.T) { problems = converse(t, plan, seed, slow) })
		if problems != nil {
			rt.Fatal(strings.Join(problems, "\n"))
		}
	})
}

// A word is something that a client says of a subscription, and the pause after it.
type word struct {
	kind  string
	who   int
	pause int // ms
}

func drawWord(t *rapid.T) word {
	return word{
		kind: rapid.SampledFrom([]string{
			"subscribe", "subscribe", "subscribed", "subscribed", "unsubscribe", "unsubscribed", "remove", "available", "unavailable",
		}).Draw(t, "kind"),
		who:   rapid.IntRange(0, 3).Draw(t, "who"),
		pause: rapid.SampledFrom([]int{0, 0, 0, 1, 10, 100}).Draw(t, "pause"),
	}
}

func converse(t *testing.T, plan []word, seed uint64, slow int) (problems []string) {
	s := &story{world: newWorld(t, 2, nil)}
	defer s.close()
	s.users("alice", "bob")
	for i := range 4 {
		s.login([]string{"alice", "bob"}[i%2], fmt.Sprint(i), s.nodes[i/2])
		s.actors[i].send(askRoster + "<presence/>")
	}
	synctest.Wait()
	s.late(seed, slow)
	for _, w := range plan {
		a := s.actors[w.who]
		contact := []string{"bob@localhost", "alice@localhost"}[w.who%2]
		switch w.kind {
		case "remove":
			a.send("<iq type='set' id='remove'><query xmlns='jabber:iq:roster'><item subscription='remove' jid='" + contact + "'/></query></iq>")
		case "available":
			a.send("<presence/>")
		case "unavailable":
			a.send("<presence type='unavailable'/>")
		default:
			a.send("<presence to='" + contact + "' type='" + w.kind + "'/>")
		}
		<-time.After(time.Duration(w.pause) * time.Millisecond)
	}
	<-time.After(time.Minute)
	synctest.Wait()
	for _, a := range s.actors {
		a.read(map[string]int{})
		s.check(a)
		problems = append(problems, a.problems...)
	}
	s.late(0, 0)
	return append(problems, s.disagreements(bare("alice"), bare("bob"))...)
}

// disagreements are what the rosters of two accounts say differently of each other.
func (w *world) disagreements(x, y events.JID) (problems []string) {
	for _, pair := range [][2]events.JID{{x, y}, {y, x}} {
		watcher, owner := pair[0], pair[1]
		r, theirs := w.roster(watcher), w.roster(owner)
		item, _ := r.Get(owner)
		asked := false
		for q := range theirs.Requests() {
			asked = asked || q.From == watcher
		}
		if r.Watches(owner) != theirs.WatchedBy(watcher) || item.Ask != asked {
			problems = append(problems, fmt.Sprintf("%s watches %s: %t, and by the other's roster %t; it asks: %t, and by the other's %t",
				watcher, owner, r.Watches(owner), theirs.WatchedBy(watcher), item.Ask, asked))
		}
	}
	return problems
}

// TestALoginMendsWhatADeadConnectorHasLeft: it has changed one of two rosters, and
// not the other. Each request is looked after when one of the two comes.
func TestALoginMendsWhatADeadConnectorHasLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		asked bool   // before
		user  string // whoever says something, over which the connector dies
		says  string
		comes string // whoever mends it
		left  string // alice's subscription after it
	}{
		{user: "alice", says: "subscribe", comes: "alice", left: "none subscribe"},
		{asked: true, user: "bob", says: "subscribed", comes: "alice", left: "to "},
		{asked: true, user: "alice", says: "unsubscribe", comes: "bob", left: "none "},
		{asked: true, user: "bob", says: "unsubscribed", comes: "bob", left: "none "},
	} {
		t.Run(c.says, func(t *testing.T) {
			pair(t, func(t *testing.T, w *world) {
				contact := map[string]string{"alice": "bob@localhost", "bob": "alice@localhost"}
				if c.asked {
					w.login("alice", "a", "<presence type='subscribe' to='bob@localhost'/>", "</stream:stream>")
				}
				says := w.login(c.user, "r")
				w.rosters.overtake = func() { w.rosters.overtake = func() { w.rosters.fail(true) } } // after one change
				says.send("<presence type='" + c.says + "' to='" + contact[c.user] + "'/>")
				if got := says.answers(); !strings.Contains(got, "<internal-server-error") {
					t.Errorf("%s was sent %s, want to be told of the failure", c.user, got)
				}
				w.rosters.fail(false)
				if len(w.disagreements(bare("alice"), bare("bob"))) == 0 {
					t.Error("the rosters agree, although one could not be changed")
				}
				w.nodes[1].arrive(c.comes, "y") // a connector that does not know the roster yet
				for _, problem := range w.disagreements(bare("alice"), bare("bob")) {
					t.Error(problem)
				}
				item, _ := w.roster(bare("alice")).Get(bare("bob"))
				left := item.Subscription.String() + " "
				if item.Ask {
					left += "subscribe"
				}
				if left != c.left {
					t.Errorf("alice's subscription is %q, want %q", left, c.left)
				}
			})
		})
	}
}
