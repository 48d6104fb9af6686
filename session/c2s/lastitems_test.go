package c2s_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// counted are documents that count how often they are read. If reading is not
// nil it runs once, between reading a document and giving it back.
type counted struct {
	*documents
	gets    atomic.Int64
	reading atomic.Pointer[func()]
	blind   bool // changes can't be followed
}

func (c *counted) Last(ctx context.Context) (uint64, error) {
	if c.blind {
		return 0, events.ErrUnavailable
	}
	return c.documents.Last(ctx)
}

func (c *counted) Get(ctx context.Context, account events.JID) (events.Document, error) {
	c.gets.Add(1)
	doc, err := c.documents.Get(ctx, account)
	if f := c.reading.Swap(nil); f != nil {
		(*f)()
	}
	return doc, err
}

// reads says how often documents were read since it was called last.
func (c *counted) reads() int { return int(c.gets.Swap(0)) }

// counting is alone with counted documents.
func counting(t *testing.T, docs *counted, test func(t *testing.T, w *world)) {
	alone(t, func(c *c2s.Config) {
		docs.documents = c.Private.(*documents)
		c.Private = docs
	}, test)
}

const (
	nick     = "http://jabber.org/protocol/nick"
	nickCaps = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:example:client' ver='TzkMt9dTRCGRjYNObncpe5Iukac='/>"
)

// arrive is the login of a client that wants nicknames. It returns what it is
// shown of them.
func (w *world) arrive(user, resource string) (*client, string) {
	return w.nodes[0].arrive(user, resource)
}

func (n *node) arrive(user, resource string) (*client, string) {
	c := n.connect(user)
	c.login(user, resource)
	c.answers()
	c.send("<presence>" + nickCaps + "</presence>")
	shown := c.answers()
	if strings.Contains(shown, "node='urn:example:client#") {
		c.send("<iq type='result' id='" + c.asked + "' to='localhost'><query xmlns='" + nsDisco + "'>" +
			"<identity category='client' type='pc' name='X'/><feature var='" + nick + "+notify'/></query></iq>")
		shown = c.answers()
	}
	return c, shown
}

func (c *client) publish(node, payload string) {
	c.send("<iq type='set' id='p'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='" + node +
		"'><item id='i'>" + payload + "</item></publish></pubsub></iq>")
}

func named(name string) string { return "<nick xmlns='" + nick + "'>" + name + "</nick>" }

func TestALoginReadsNoDocumentThatHasNotChanged(t *testing.T) {
	docs := &counted{}
	counting(t, docs, func(t *testing.T, w *world) {
		const contacts = 300
		for i := range contacts {
			w.watch("alice", fmt.Sprintf("contact%d", i))
		}
		w.watch("alice", "bob")
		bob := w.login("bob", "b")
		bob.publish(nick, named("Robert"))
		bob.answers()
		docs.reads()
		if _, shown := w.arrive("alice", "1"); !strings.Contains(shown, "Robert") {
			t.Errorf("the first login was shown %s", shown)
		}
		if n := docs.reads(); n != contacts+2 {
			t.Errorf("the first login read %d documents", n)
		}
		if _, shown := w.arrive("alice", "2"); !strings.Contains(shown, "Robert") || docs.reads() > 0 {
			t.Errorf("the second one read documents, or was shown %s", shown)
		}
		bob.publish(nick, named("Bob"))
		bob.answers()
		docs.reads()
		if _, shown := w.arrive("alice", "3"); !strings.Contains(shown, "Bob") || docs.reads() != 1 {
			t.Errorf("after a change another number of documents than 1 was read, or shown was %s", shown)
		}
	})
}

// TestWhatIsReadDuringAChangeIsNotKept is a change that falls between reading a
// document and keeping it.
func TestWhatIsReadDuringAChangeIsNotKept(t *testing.T) {
	docs := &counted{}
	counting(t, docs, func(t *testing.T, w *world) {
		w.watch("alice", "bob")
		bob := w.login("bob", "b")
		bob.publish(nick, named("Robert"))
		bob.answers()
		_, _ = w.arrive("alice", "0") // whose account is kept then
		bob.publish(nick, named("Rob"))
		bob.answers()
		change := func() {
			doc, _ := docs.documents.Get(context.Background(), bare("bob"))
			data := []byte(strings.Replace(string(doc.Data), "Rob<", "Bob<", 1))
			if _, err := docs.Put(context.Background(), bare("bob"), data, doc.Revision); err != nil {
				t.Error(err)
			}
		}
		docs.reading.Store(&change)
		if _, shown := w.arrive("alice", "1"); !strings.Contains(shown, "Rob<") {
			t.Errorf("the one that read was shown %s", shown)
		}
		if _, shown := w.arrive("alice", "2"); !strings.Contains(shown, "Bob<") {
			t.Errorf("the next one was shown %s", shown)
		}
	})
}

func TestALoginDoesNotTrustWhatIsKeptWhileChangesAreNotSeen(t *testing.T) {
	docs := &counted{}
	counting(t, docs, func(t *testing.T, w *world) {
		w.watch("alice", "bob")
		bob := w.login("bob", "b")
		bob.publish(nick, named("Robert"))
		bob.answers()
		w.arrive("alice", "1")
		docs.hold(true)
		bob.publish(nick, named("Bob"))
		bob.answers()
		a := w.login("alice", "2")
		a.send("<presence>" + nickCaps + "</presence>")
		pause()
		pause()
		pause()
		if shown := a.answers(); !strings.Contains(shown, "Bob") {
			t.Errorf("it was shown %s", shown)
		}
		docs.hold(false)
	})
}

func TestAnItemThatIsTooLargeToKeepIsShown(t *testing.T) {
	docs := &counted{}
	counting(t, docs, func(t *testing.T, w *world) {
		w.watch("alice", "bob")
		bob := w.login("bob", "b")
		bob.publish(nick, named(strings.Repeat("Bob", 1_000)))
		bob.publish("urn:example:data", named(strings.Repeat("Bob", 20_000))) // wanted by nobody
		bob.answers()
		w.arrive("alice", "1")
		docs.reads()
		for _, resource := range []string{"2", "3"} {
			if _, shown := w.arrive("alice", resource); strings.Count(shown, "BobBobBob") == 0 || docs.reads() != 1 {
				t.Errorf("it was shown %d bytes", len(shown))
			}
		}
	})
}

func TestAReaderWithoutAccessIsShownNothingThatIsKept(t *testing.T) {
	docs := &counted{}
	counting(t, docs, func(t *testing.T, w *world) {
		w.watch("alice", "bob")
		w.watch("carol", "bob")
		bob := w.login("bob", "b")
		bob.publish(nick, named("Bob"))
		bob.send("<iq type='set' id='o'><pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><affiliations node='" + nick +
			"'><affiliation jid='carol@localhost' affiliation='outcast'/></affiliations></pubsub></iq>")
		bob.answers()
		for _, resource := range []string{"1", "2"} {
			if _, shown := w.arrive("alice", resource); !strings.Contains(shown, "Bob") {
				t.Errorf("alice was shown %s", shown)
			}
			if _, shown := w.arrive("carol", resource); strings.Contains(shown, "Bob") {
				t.Errorf("carol, an outcast, was shown %s", shown)
			}
		}
	})
}

// TestEachLoginReadsWhereChangesAreNotFollowed is what it costs otherwise.
func TestEachLoginReadsWhereChangesAreNotFollowed(t *testing.T) {
	docs := &counted{blind: true}
	counting(t, docs, func(t *testing.T, w *world) {
		w.watch("alice", "bob")
		for _, resource := range []string{"1", "2"} {
			docs.reads()
			if w.arrive("alice", resource); docs.reads() != 2 {
				t.Error("another number of documents than alice's and bob's was read")
			}
		}
	})
}
