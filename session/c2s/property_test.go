package c2s_test

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// TestASessionThatWasSeenComingIsSeenGoingOnce lets clients of two connectors do what
// they like while connectors are killed, and then compares what each client was
// shown with how things are:
//
//   - it sees the available resources of the contacts that its roster says it
//     watches, and its own, and beside them only resources that directed
//     presence to it and are there (I6);
//   - none was shown to go that had not come, or twice;
//   - its roster, by the result and the pushes, is the account's, and a client
//     that has not asked for it was pushed nothing (I7);
//   - no message that waited came twice (I8);
//   - every session in the table has a client that lives (P9).
//
// Meanwhile the log loses requests and acknowledgements, or can't be reached.
func TestASessionThatWasSeenComingIsSeenGoingOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		friends := rapid.IntRange(0, 63).Draw(rt, "friends")
		plan := rapid.SliceOfN(rapid.Custom(drawAction), 1, 60).Draw(rt, "plan")
		var problems []string
		synctest.Test(t, func(t *testing.T) {
			s := &story{world: newWorld(t, 2, nil)}
			defer s.close()
			s.users("alice", "bob", "carol")
			s.introduce(friends)
			problems = s.run(plan)
		})
		if problems != nil {
			rt.Fatal(strings.Join(problems, "\n"))
		}
	})
}

// An action is one thing that happens. Numbers are taken modulo what there is.
type action struct {
	kind         string
	client, a, b int
	settle       bool
}

var kinds = []string{
	"login", "login", "login", "available", "available", "unavailable", "roster", "subscribe", "subscribed", "subscribed",
	"unsubscribe", "unsubscribed", "grant", "grant", "remove", "message", "end", "drop", "kick", "kill",
	"manage", "manage", "direct", "direct", "trouble", "partition", "calm", "calm",
}

func drawAction(t *rapid.T) action {
	return action{
		kind:   rapid.SampledFrom(kinds).Draw(t, "kind"),
		client: rapid.IntRange(0, 9).Draw(t, "client"),
		a:      rapid.IntRange(0, 2).Draw(t, "a"),
		b:      rapid.IntRange(0, 2).Draw(t, "b"),
		settle: rapid.Bool().Draw(t, "settle"),
	}
}

var names = []string{"alice", "bob", "carol"}

// A story is a plan at work.
type story struct {
	*world
	actors   []*actor
	sent     int
	directed bool // somebody directed presence: it may be late, and is dropped then
}

// An actor is a client with its user and what it has been shown.
type actor struct {
	*client
	story      *story
	user, full string
	node       *node

	asked, available bool
	sees             map[string]bool   // full JIDs
	items            map[string]string // the roster, if asked
	messages         map[string]int
	problems         []string
}

// introduce begins with a resource of each user, and who watches whom by the bits
// of friends.
func (s *story) introduce(friends int) {
	for i := range 6 {
		if friends&(1<<i) != 0 {
			s.watch(names[i/2], names[(i/2+1+i%2)%3])
		}
	}
	for i, name := range names {
		s.login(name, "r0", s.nodes[i%2])
		s.actors[i].send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>")
	}
}

func (s *story) run(plan []action) (problems []string) {
	for _, act := range plan {
		s.act(act)
		if act.settle {
			synctest.Wait()
		}
	}
	s.calm()
	<-time.After(2 * time.Minute) // for whatever is tried again
	synctest.Wait()
	late := map[string]int{}
	for _, a := range s.actors {
		a.read(late)
		s.check(a)
		problems = append(problems, a.problems...)
	}
	problems = append(problems, s.ghosts()...)
	for id, n := range late {
		if n > 1 {
			problems = append(problems, fmt.Sprintf("message %s, which waited, came %d times", id, n))
		}
	}
	return problems
}

func (s *story) act(act action) {
	switch act.kind {
	case "login":
		s.login(names[act.a], fmt.Sprint("r", act.b), s.nodes[act.client%len(s.nodes)])
		return
	case "kick":
		n := s.nodes[0]
		n.service.Do(context.Background(), bare(names[act.a]), [16]byte{}, session.Kick{})
		return
	case "kill":
		s.calm() // or the dead would lie unburied
		s.killOne(act.client)
		return
	case "trouble":
		const p = 0.1
		s.log.Inject(bustest.Faults{Seed: uint64(act.client), LostAck: p, LostRequest: p, LateRequest: p, InFlight: p, Unavailable: p})
		return
	case "partition":
		s.log.Partition(true)
		return
	case "calm":
		s.calm()
		return
	}
	a := s.actors[act.client%len(s.actors)]
	contact := names[act.a] + "@" + domain
	switch act.kind {
	case "direct":
		if s.directed = true; act.b > 0 {
			contact += fmt.Sprint("/r", act.b-1)
		}
		a.send("<presence to='" + contact + "'/>")
	case "grant":
		b := s.actors[(act.client+1+act.b)%len(s.actors)]
		a.send("<presence to='" + b.user + "@" + domain + "' type='subscribe'/>")
		b.send("<presence to='" + a.user + "@" + domain + "' type='subscribed'/>")
	case "manage":
		a.send("<enable xmlns='urn:xmpp:sm:3' resume='true' max='30'/>")
	case "available":
		a.send(fmt.Sprintf("<presence><priority>%d</priority></presence>", act.b-1))
	case "unavailable":
		a.send("<presence type='unavailable'/>")
	case "roster":
		a.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>")
	case "remove":
		a.send("<iq type='set' id='remove'><query xmlns='jabber:iq:roster'><item subscription='remove' jid='" + contact + "'/></query></iq>")
	case "message":
		s.sent++
		a.send(fmt.Sprintf("<message type='chat' to='%s' id='m%d'><body>hi</body></message>", contact, s.sent))
	case "end":
		a.send("</stream:stream>")
	case "drop":
		a.drop()
	default:
		a.send("<presence to='" + contact + "' type='" + act.kind + "'/>")
	}
}

// calm ends what is wrong with the log.
func (s *story) calm() {
	s.log.Partition(false)
	s.log.Settle()
	s.log.Inject(bustest.Faults{})
}

// ghosts are sessions that no client has.
func (s *story) ghosts() (problems []string) {
	for _, n := range s.nodes {
		for _, name := range names {
			a := n.table.Account(bare(name))
			if a == nil {
				continue
			}
			for _, o := range a.Sessions() {
				if !slices.ContainsFunc(s.actors, func(a *actor) bool { return a.full == o.JID().String() && a.lives() }) {
					problems = append(problems, fmt.Sprintf("%s has the session %s of %s, whose client is gone", n.name, o.JID(), o.Connector()))
				}
			}
		}
	}
	return problems
}

// lives reports that the actor's connection is open.
func (a *actor) lives() bool {
	select {
	case <-a.closed:
		return false
	default:
		return true
	}
}

func (s *story) login(user, resource string, n *node) {
	a := &actor{
		story: s, client: n.connect(user), user: user, full: user + "@" + domain + "/" + resource, node: n,
		sees: map[string]bool{}, items: map[string]string{}, messages: map[string]int{},
	}
	a.client.login(user, resource)
	s.actors = append(s.actors, a)
}

// killOne kills a connector, starts another, and lets the survivors learn of it.
func (s *story) killOne(i int) {
	i %= len(s.nodes)
	dead := s.nodes[i]
	dead.kill()
	synctest.Wait()
	s.nodes[i] = s.start(fmt.Sprintf("%s'", dead.name))
	s.bury(dead.incarnation())
}

var (
	attribute = regexp.MustCompile(` (from|to|id|type|jid|subscription|ask)='([^']*)'`)
	itemTag   = regexp.MustCompile(`<item[^>]*>`)
)

func attributes(tag string) map[string]string {
	tag, _, _ = strings.Cut(tag, ">")
	m := map[string]string{}
	for _, a := range attribute.FindAllStringSubmatch(tag, -1) {
		m[a[1]] = a[2]
	}
	return m
}

// read goes through what an actor was sent.
func (a *actor) read(late map[string]int) {
	for _, item := range a.take() {
		attrs := attributes(item)
		switch {
		case strings.HasPrefix(item, "<presence"):
			a.seePresence(attrs)
		case strings.HasPrefix(item, "<iq") && strings.Contains(item, "jabber:iq:roster"):
			a.seeRoster(item, attrs)
		case strings.HasPrefix(item, "<message") && attrs["type"] != "error":
			if a.messages[attrs["id"]]++; strings.Contains(item, "<delay") {
				late[attrs["id"]]++
			}
			if a.messages[attrs["id"]] > 1 {
				a.complain("got message %s twice", attrs["id"])
			}
		}
	}
}

func (a *actor) complain(format string, args ...any) {
	a.problems = append(a.problems, a.full+" "+fmt.Sprintf(format, args...))
}

func (a *actor) seePresence(attrs map[string]string) {
	from := attrs["from"]
	switch attrs["type"] {
	case "":
		a.sees[from] = true
		a.available = a.available || from == a.full && attrs["to"] == a.user+"@"+domain
	case "unavailable":
		if !a.sees[from] && !a.story.directed {
			a.complain("was shown %s going, which was not there", from)
		}
		delete(a.sees, from)
		if from == a.full {
			a.available = false
			a.sees = map[string]bool{}
		}
	}
}

func (a *actor) seeRoster(item string, attrs map[string]string) {
	if attrs["type"] == "set" && !a.asked {
		a.complain("was pushed a roster that it had not asked for")
	}
	if attrs["type"] == "result" {
		a.asked = true
		a.items = map[string]string{}
	}
	for _, tag := range itemTag.FindAllString(item, -1) {
		i := attributes(tag)
		a.items[i["jid"]] = i["subscription"] + i["ask"]
		if i["subscription"] == "remove" {
			delete(a.items, i["jid"])
		}
	}
}

// check compares an actor whose stream goes on with the state of the world.
func (s *story) check(a *actor) {
	if !a.lives() {
		return
	}
	table := a.node.table
	me := table.Account(bare(a.user))
	r := s.roster(bare(a.user))
	if a.asked {
		want := map[string]string{}
		for item := range r.Items() {
			ask := ""
			if item.Ask {
				ask = "subscribe"
			}
			want[item.JID.String()] = item.Subscription.String() + ask
		}
		if !maps.Equal(a.items, want) {
			a.complain("has the roster %v, and it is %v", a.items, want)
		}
	}
	if !a.available {
		return
	}
	var want []string
	for _, o := range me.Available() {
		want = append(want, o.JID().String())
	}
	for contact := range r.Watched() {
		if contact == bare(a.user) {
			continue
		}
		for _, o := range table.Account(contact).Available() {
			want = append(want, o.JID().String())
		}
	}
	for _, full := range want {
		if !a.sees[full] {
			a.complain("does not see %s", full)
		}
	}
	for full := range a.sees {
		o := table.Session(events.StoredJID(full))
		told := o != nil && (slices.Contains(o.Directed(), bare(a.user)) || slices.Contains(o.Directed(), events.StoredJID(a.full)))
		if !told && !slices.Contains(want, full) {
			a.complain("sees %s, which is not there", full)
		}
	}
}
