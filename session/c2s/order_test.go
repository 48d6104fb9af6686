package c2s_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/session"
)

// TestMessagesOfOneSenderComeOnceAndInOrder is rule R7 over every way that a
// message may take: two senders write numbered messages to an account whose
// clients come and go on three connectors, in the order and at the pace of the
// plan, while tables, parcels and the store of waiting messages are late by
// chance. Then:
//
//   - each session of the recipient got what a sender sent to one address, its bare
//     JID or a full one, in that order;
//   - each message came to exactly one session, or at the end waits;
//   - nothing waits for an account that is online.
//
// Clients end their streams properly here: a message that was written to one
// that vanishes is lost unless it uses stream management.
func TestMessagesOfOneSenderComeOnceAndInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		plan := rapid.SliceOfN(rapid.Custom(drawStep), 5, 60).Draw(rt, "plan")
		seed := rapid.Uint64().Draw(rt, "seed")
		slow := rapid.SampledFrom([]int{0, 1, 5, 30}).Draw(rt, "slow")
		var problems []string
		synctest.Test(t, func(t *testing.T) { problems = exchange(t, plan, seed, slow) })
		if problems != nil {
			rt.Fatal(strings.Join(problems, "\n"))
		}
	})
}

// A step is something that a client does, and the pause after it.
type step struct {
	kind     string
	who      int
	priority int
	pause    int // ms
}

func drawStep(t *rapid.T) step {
	return step{
		kind: rapid.SampledFrom([]string{
			"message", "message", "message", "message", "full", "login", "available", "available", "unavailable", "end", "kick",
		}).Draw(t, "kind"),
		who:      rapid.IntRange(0, 5).Draw(t, "who"),
		priority: rapid.IntRange(-1, 3).Draw(t, "priority"),
		pause:    rapid.SampledFrom([]int{0, 0, 0, 1, 2, 10, 50}).Draw(t, "pause"),
	}
}

// A message to an account on two connectors, sent on because one client has just
// gone and then the other, comes back to the first connector. Neither may wait
// for the other then: after two seconds newer messages would go ahead.
func TestConnectorsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	plan := []step{
		{kind: "login", who: 0, priority: 2}, {kind: "message", who: 1}, {kind: "login", who: 2, priority: 2, pause: 10},
		{kind: "message", who: 1, pause: 2}, {kind: "message", who: 1}, {kind: "login", who: 2, priority: -1},
		{kind: "unavailable", who: 1, pause: 2}, {kind: "message", who: 1}, {kind: "unavailable", who: 2},
		{kind: "unavailable", who: 0}, {kind: "message", who: 1}, {kind: "available", who: 1, priority: -1, pause: 50},
		{kind: "message", who: 1}, {kind: "available", who: 2, priority: 2}, {kind: "login", who: 0, priority: -1, pause: 10},
		{kind: "message", who: 1, pause: 2},
	}
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			if problems := exchange(t, plan, seed, 30); problems != nil {
				t.Error(strings.Join(problems, "\n"))
			}
		})
	}
}

// A correspondence is a plan at work.
type correspondence struct {
	*world
	senders []*client
	written []int // by sender
	bobs    []*client
	fulls   []string // of bobs
}

func exchange(t *testing.T, plan []step, seed uint64, slow int) []string {
	w := newWorld(t, 3, nil)
	defer w.close()
	w.users("alice", "bob", "carol")
	w.waiting.most = 1000
	c := &correspondence{world: w, written: make([]int, 2)}
	for i, user := range []string{"alice", "carol"} {
		s := w.nodes[i].connect(user)
		s.login(user, "s")
		c.senders = append(c.senders, s)
	}
	synctest.Wait()
	w.late(seed, slow)
	for _, st := range plan {
		c.take(st)
		<-time.After(time.Duration(st.pause) * time.Millisecond)
	}
	<-time.After(time.Minute)
	synctest.Wait()
	problems := c.check()
	w.late(0, 0)
	return problems
}

// late makes everything take up to so many milliseconds longer, by chance.
func (w *world) late(seed uint64, most int) {
	var lag func()
	if most > 0 {
		var mu sync.Mutex
		r := rand.New(rand.NewPCG(seed, 0))
		lag = func() {
			mu.Lock()
			d := time.Duration(r.IntN(most*1000)) * time.Microsecond
			if r.IntN(3) == 0 {
				d = 0
			}
			mu.Unlock()
			<-time.After(d)
		}
	}
	w.lag.Store(&lag)
}

func (c *correspondence) take(st step) {
	bob := func() *client {
		if len(c.bobs) == 0 {
			return nil
		}
		return c.bobs[st.who%len(c.bobs)]
	}
	switch b := bob(); {
	case st.kind == "message":
		c.write(st.who, "bob@"+domain)
	case st.kind == "login" || b == nil:
		b := c.nodes[st.who%3].connect("bob")
		resource := fmt.Sprint("r", len(c.bobs)%3)
		b.login("bob", resource)
		c.bobs = append(c.bobs, b)
		c.comes(b, st.priority)
		c.fulls = append(c.fulls, "bob@"+domain+"/"+resource)
	case st.kind == "full":
		c.write(st.who, c.fulls[st.who%len(c.bobs)])
	case st.kind == "available":
		c.comes(b, st.priority)
	case st.kind == "unavailable":
		b.send("<presence type='unavailable'/>")
	case st.kind == "end":
		b.send("</stream:stream>")
	case st.kind == "kick":
		c.nodes[0].service.Do(context.Background(), bare("bob"), [16]byte{}, session.Kick{Resource: fmt.Sprint("r", st.who%3)})
	}
}

// comes makes a client available. No two have the same priority, or both would
// get the same messages.
func (c *correspondence) comes(b *client, priority int) {
	if priority >= 0 {
		priority = 4*slices.Index(c.bobs, b)%120 + priority
	}
	b.send(fmt.Sprintf("<presence><priority>%d</priority></presence>", priority))
}

func (c *correspondence) write(who int, to string) {
	who %= len(c.senders)
	c.written[who]++
	c.senders[who].send(fmt.Sprintf("<message type='chat' to='%s' id='%d'><body>hi</body></message>", to, c.written[who]))
}

var numbered = regexp.MustCompile(`^<message from='(\w+)@\S+ to='(\S+)' id='(\d+)' type='(\w+)'`)

// check reads what came and what waits.
func (c *correspondence) check() (problems []string) {
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	came := make([]map[int]int, len(c.senders))
	for i := range came {
		came[i] = map[int]int{}
	}
	count := func(where string, items []string) {
		last := map[string]int{}
		for _, item := range items {
			m := numbered.FindStringSubmatch(item)
			if m == nil || m[4] == "error" {
				continue
			}
			who := slices.Index([]string{"alice", "carol"}, m[1])
			n, _ := strconv.Atoi(m[3])
			to := m[2]
			if strings.Contains(item, "<delay") {
				to = "bob@" + domain // one to a full JID that waited did so for the account
			}
			if came[who][n]++; n <= last[m[1]+to] {
				complain("%s got %s's message %d to %s after %d", where, m[1], n, to, last[m[1]+to])
			}
			last[m[1]+to] = n
		}
	}
	for i, b := range c.bobs {
		count(fmt.Sprintf("session %d, %s,", i, c.fulls[i]), b.take())
	}
	waits := c.waiting.list(bare("bob"))
	count("who comes next", waits)
	if n := len(c.nodes[0].table.Routes(bare("bob"))); n > 0 && len(waits) > 0 {
		complain("%d messages wait for an account that is online", len(waits))
	}
	for who, n := range c.written {
		for i := range n {
			if times := came[who][i+1]; times != 1 {
				complain("message %d of sender %d came %d times", i+1, who, times)
			}
		}
	}
	return problems
}
