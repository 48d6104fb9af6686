package delivery_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestAMessageFindsItsSessionsOnAnyConnector(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1, c2 := w.connector("c1"), w.connector("c2")
		alice, here, there := c1.bind("alice@x/a"), c1.available("bob@x/here", 1), c2.available("bob@x/there", 5)
		w.learn()
		alice.says("chat", "bob@x", "1")
		alice.says("chat", "bob@x/here", "2")
		c1.deliver()
		expect(t, "here", here.bodies(), "2")
		expect(t, "there", there.bodies(), "1")
	})
}

// A message to the bare JID goes on to the next best session if the best is just
// going: its connector knows that before the table does.
func TestASessionThatNoLongerTakesMessagesIsPassedOver(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1 := w.connector("c1")
		alice, best, next := c1.bind("alice@x/a"), c1.available("bob@x/best", 5), c1.available("bob@x/next", 1)
		best.BecomeUnreceptive(func() error {
			alice.says("chat", "bob@x", "to the account")
			alice.says("chat", "bob@x/best", "to the session")
			return nil
		}, func(error) bool { return false })
		expect(t, "the best", best.bodies(), "to the session")
		expect(t, "the next", next.bodies(), "to the account")
	})
}

func TestAMessageWhoseTargetIsGoneIsDecidedAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1 := w.connector("c1")
		alice, best, next := c1.bind("alice@x/a"), c1.available("bob@x/best", 5), c1.available("bob@x/next", 1)
		best.gone = true
		alice.says("chat", "bob@x", "1")
		expect(t, "the next", next.bodies(), "1")
		next.gone = true
		alice.says("chat", "bob@x", "2")
		if n := w.offline.waiting("bob@x"); n != 1 {
			t.Errorf("%d messages wait", n)
		}
		expect(t, "a normal one to a session", alice.says("normal", "bob@x/best", "3"), "service-unavailable")
	})
}

// Where nobody is there a message is stored, or its sender told.
func TestWhereMessagesEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		alice := w.connector("c1").bind("alice@x/a")
		w.connector("c1").available("negative@x/n", -1)
		w.learn()
		for _, tt := range []struct {
			typ, to, body, more string
			refused             string
			waits               int
		}{
			{typ: "chat", to: "bob@x", body: "1", waits: 1},
			{typ: "normal", to: "bob@x", body: "1", waits: 1},
			{typ: "chat", to: "bob@x/gone", body: "1", waits: 1},
			{typ: "chat", to: "negative@x", body: "1", waits: 1},
			{typ: "chat", to: "bob@x", more: "<received xmlns='urn:xmpp:receipts' id='1'/>", waits: 1},
			{typ: "chat", to: "bob@x", more: "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", waits: 1},
			{typ: "chat", to: "bob@x", more: "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/></encrypted>", waits: 1},
			{typ: "chat", to: "bob@x", more: "<x xmlns='jabber:x:oob'><url>https://x/1.jpg</url></x>", waits: 1},
			{typ: "chat", to: "bob@x", more: "<active xmlns='http://jabber.org/protocol/chatstates'/><received xmlns='urn:xmpp:receipts' id='1'/>", waits: 1},
			{typ: "chat", to: "bob@x", more: "<composing xmlns='http://jabber.org/protocol/chatstates'/>"},
			{typ: "normal", to: "bob@x", more: "<composing xmlns='http://jabber.org/protocol/chatstates'/>"},
			{typ: "chat", to: "bob@x", body: "1", more: "<no-store xmlns='urn:xmpp:hints'/>", refused: "service-unavailable"},
			{typ: "normal", to: "bob@x/gone", body: "1", refused: "service-unavailable"},
			{typ: "groupchat", to: "bob@x", body: "1", refused: "service-unavailable"},
			{typ: "chat", to: "nobody@x", body: "1", refused: "service-unavailable"},
			{typ: "chat", to: "bob@elsewhere", body: "1", refused: "remote-server-not-found"},
			{typ: "chat", to: "x", body: "1", refused: "service-unavailable"},
			{typ: "headline", to: "bob@x", body: "1"},
			{typ: "error", to: "bob@x", body: "1"},
		} {
			w.offline.kept = nil
			got := alice.says(tt.typ, tt.to, tt.body, tt.more)
			waits := w.offline.waiting("bob@x") + w.offline.waiting("negative@x")
			if got != tt.refused || waits != tt.waits {
				t.Errorf("%s to %s with %q%s: refused with %q, %d wait; want %q, %d", tt.typ, tt.to, tt.body, tt.more, got, waits, tt.refused, tt.waits)
			}
		}
	})
}

func TestAFullStoreRefuses(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		alice := w.connector("c1").bind("alice@x/a")
		for range w.offline.most {
			expect(t, "with room", alice.says("chat", "bob@x", "1"), "")
		}
		expect(t, "without", alice.says("chat", "bob@x", "1"), "service-unavailable")
	})
}

func TestWhatWaitedComesBeforeWhatIsNew(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1 := w.connector("c1")
		alice, mallory := c1.bind("alice@x/a"), c1.bind("mallory@x/m")
		alice.says("chat", "bob@x", "1")
		mallory.says("chat", "bob@x", "blocked meanwhile")
		alice.says("chat", "bob@x", "2")
		bob := c1.available("bob@x/b", 0)
		alice.says("chat", "bob@x", "3")
		expect(t, "bob", bob.bodies(), "1 late, 2 late, 3")
		if n := w.offline.waiting("bob@x"); n != 0 {
			t.Errorf("%d messages wait for an account that is there", n)
		}
	})
}

// The receiver's table may be behind the sender's: nobody gets a message of somebody
// whose presence is still on its way.
func TestAParcelWaitsForTheTable(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1, c2 := w.connector("c1"), w.connector("c2")
		bob := c2.available("bob@x/b", 0)
		c1.learn()
		alice := c1.available("alice@x/a", 0) // of which c2 does not know yet
		alice.says("chat", "bob@x", "1")
		c1.deliver()
		expect(t, "before", bob.bodies(), "")
		if len(alice.sender.Mark()) != 1 {
			t.Error("what waits at the other connector has arrived")
		}
		c2.learn()
		synctest.Wait()
		expect(t, "afterwards", bob.bodies(), "1")
		if len(alice.sender.Mark()) != 0 {
			t.Error("what is handled has not arrived")
		}
	})
}

// Messages that a connector that died did not handle go where they go without
// it.
func TestWhatALostConnectorDidNotHandleGoesElsewhere(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1, c2 := w.connector("c1"), w.connector("c2")
		alice, other := c1.bind("alice@x/a"), c1.available("bob@x/other", 0)
		c2.available("bob@x/best", 5)
		w.learn()
		alice.says("chat", "bob@x", "1")
		expect(t, "a request", alice.says("normal", "bob@x/best", "2"), "")
		<-time.After(time.Second)
		c1.table.Lost(c2.self)
		c1.router.Reroute(c2.self)
		expect(t, "the other session", other.bodies(), "1 late")
		expect(t, "alice", alice.bodies(), "error")
	})
}

func TestCarbonsGoToTheOthersOfBoth(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1 := w.connector("c1")
		alice, alices, bob, bobs := c1.bind("alice@x/a"), c1.bind("alice@x/b"), c1.available("bob@x/a", 1), c1.available("bob@x/b", 0)
		for _, r := range []*resource{alice, alices, bob, bobs} {
			r.event(events.CarbonsEnabled{})
		}
		alice.says("chat", "bob@x", "1")
		alice.says("chat", "bob@x", "2", "<private xmlns='urn:xmpp:carbons:2'/>")
		for r, want := range map[*resource]string{alice: "", alices: "1 copied", bob: "1, 2", bobs: "1 copied"} {
			expect(t, r.jid.String(), r.bodies(), want)
		}
	})
}

// A session that has switched carbons was told so by its own connector, which so makes
// up for what the sender's does not know yet.
func TestCarbonsAreSwitchedForSendersOnOtherConnectors(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1, c2 := w.connector("c1"), w.connector("c2")
		alice, best, other := c1.bind("alice@x/a"), c2.available("bob@x/best", 5), c2.available("bob@x/other", 0)
		w.learn()
		say := func(body, copied string) {
			alice.says("chat", "bob@x", body)
			c1.deliver()
			c2.deliver()
			expect(t, "the best", best.bodies(), body)
			expect(t, "the other", other.bodies(), copied)
		}
		say("1", "")
		other.event(events.CarbonsEnabled{})
		say("2", "2 copied")
		w.learn()
		say("3", "3 copied")
		other.event(events.CarbonsDisabled{})
		say("4", "")
		w.learn()
		other.event(events.CarbonsEnabled{})
		alice.says("chat", "bob@x", "5", "<private xmlns='urn:xmpp:carbons:2'/>")
		c1.deliver()
		expect(t, "of a private message", other.bodies(), "")
	})
}

func TestDirectedPresenceFindsASessionThatTheTableDoesNotKnowYet(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1, c2 := w.connector("c1"), w.connector("c2")
		alice := c1.available("alice@x/a", 1)
		bob := c2.available("bob@x/b", 1)
		late := time.AfterFunc(time.Millisecond, c1.learn)
		defer late.Stop()
		alice.directs(t, "bob@x/b", "unavailable")
		c1.deliver()
		if bob.bodies() == "" {
			t.Error("the session is in the log, and got nothing")
		}
	})
}

// As at the sender's connector: whoever is blocked is told nothing of presence.
func TestPresenceThatIsBlockedIsDroppedInSilence(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1, c2 := w.connector("c1"), w.connector("c2")
		mallory, bob := c1.available("mallory@x/a", 1), c2.available("bob@x/b", 1)
		w.learn()
		mallory.directs(t, "bob@x/b", "unavailable")
		c1.deliver()
		c2.deliver()
		expect(t, "bob", bob.bodies(), "")
		expect(t, "mallory", mallory.bodies(), "")
	})
}

// A chat state that comes too late again and again has a time by then.
func TestAChatStateIsNotStoredHoweverOftenItIsSentOn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1 := w.connector("c1")
		alice := c1.bind("alice@x/a")
		alice.says("chat", "bob@x", "", "<composing xmlns='http://jabber.org/protocol/chatstates'/><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/>")
		if n := w.offline.waiting("bob@x"); n != 0 {
			t.Errorf("%d messages wait", n)
		}
	})
}

// The newest record of an account may be one that this version can't read.
func TestARecordThatCantBeReadHoldsUpNobody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c1 := w.connector("c1")
		alice := c1.bind("alice@x/a")
		w.log.Poison(events.StoredJID("bob@x"), []byte("not a record"))
		_, err := w.log.Last(t.Context(), events.StoredJID("bob@x"))
		poison, ok := errors.AsType[*events.PoisonError](err)
		if !ok {
			t.Fatal(err)
		}
		c1.table.Skip(poison)
		expect(t, "a normal message", alice.says("normal", "bob@x/gone", "1"), "service-unavailable")
		begun := time.Now()
		alice.says("chat", "bob@x", "2")
		if took := time.Since(begun); took > time.Second {
			t.Errorf("storing took %v", took)
		}
	})
}

func TestASendToASessionHereAllocatesNothing(t *testing.T) {
	w := &world{t: t, log: bustest.NewLog(), offline: &shelf{most: 10}, nodes: map[string]*node{}}
	c1 := w.connector("c1")
	alice := c1.bind("alice@x/a")
	c1.available("bob@x/b", 0)
	el, err := stanza.NewMessage("chat", "hello")
	if err != nil {
		t.Fatal(err)
	}
	bob := events.StoredJID("bob@x")
	c1.quiet = true
	if n := testing.AllocsPerRun(200, func() { alice.sender.Send(el, bob) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
