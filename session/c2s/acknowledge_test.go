package c2s_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
)

// withCounts runs a test with alice, whose stanzas are counted from now on, on the first
// connector, and bob on the second.
func withCounts(t *testing.T, test func(t *testing.T, w *world, alice *client)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		w.users("alice", "bob")
		alice, bob := w.nodes[0].connect("alice"), w.nodes[1].connect("bob")
		for _, c := range []*client{alice, bob} {
			c.login(c.name, "r")
			c.send("<presence/>")
		}
		alice.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
		synctest.Wait()
		alice.take()
		test(t, w, alice)
	})
}

const asked = "<r xmlns='urn:xmpp:sm:3'/>"

// counts are those of an element's kind that a client was told.
func counts(items []string, element string) (list []string) {
	for _, item := range items {
		if strings.HasPrefix(item, "<"+element+" ") {
			_, h, _ := strings.Cut(item, " h='")
			h, _, _ = strings.Cut(h, "'")
			list = append(list, h)
		}
	}
	return list
}

func expectCounts(t *testing.T, when string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: the counts %q, want %q", when, got, want)
	}
}

func TestWhatHasArrivedIsCountedAtOnce(t *testing.T) {
	withCounts(t, func(t *testing.T, w *world, alice *client) {
		alice.send(said("1") + asked + said("2") + said("3") + asked)
		synctest.Wait()
		if got := counts(alice.take(), "a"); len(got) != 2 || got[1] != "3" {
			t.Errorf("the counts %q, want two, and 3 at last", got)
		}
	})
}

// A client does not repeat a stanza once it is told that it was handled, so
// another connector must have it first, or have ended.
func TestOnlyWhatAnotherConnectorAnswersForIsCounted(t *testing.T) {
	withCounts(t, func(t *testing.T, w *world, alice *client) {
		w.nodes[1].silence()
		alice.send(said("1") + asked + asked)
		synctest.Wait()
		expectCounts(t, "before anything", counts(alice.take(), "a"))
		<-time.After(5 * time.Second)
		expectCounts(t, "after a while", counts(alice.take(), "a"), "0", "0")
		w.bury(w.nodes[1].incarnation())
		synctest.Wait()
		expectCounts(t, "when the other's lease has ended", counts(alice.take(), "a"), "1")
		alice.send(asked)
		synctest.Wait()
		expectCounts(t, "asked again", counts(alice.take(), "a"), "1")
	})
}

// resumes logs alice in again and asks for her session.
func resumes(w *world, alice *client) *client {
	again := w.nodes[0].connect("alice")
	again.open()
	again.send(plain("alice", password))
	again.open()
	again.send(fmt.Sprintf("<resume xmlns='urn:xmpp:sm:3' previd='%s' h='0'/>", alice.previd))
	synctest.Wait()
	return again
}

func TestAResumptionWaitsForItsCount(t *testing.T) {
	withCounts(t, func(t *testing.T, w *world, alice *client) {
		w.nodes[1].silence()
		alice.send(said("1"))
		synctest.Wait()
		alice.drop()
		synctest.Wait()
		again := resumes(w, alice)
		expectCounts(t, "before anything", counts(again.take(), "resumed"))
		w.bury(w.nodes[1].incarnation())
		synctest.Wait()
		expectCounts(t, "when the other's lease has ended", counts(again.take(), "resumed"), "1")
	})
}

func TestAResumptionThatCantTellItsCountIsRefused(t *testing.T) {
	withCounts(t, func(t *testing.T, w *world, alice *client) {
		w.nodes[1].silence()
		alice.send(said("1"))
		synctest.Wait()
		alice.drop()
		synctest.Wait()
		again := resumes(w, alice)
		<-time.After(15 * time.Second)
		expectCounts(t, "after a while", counts(again.take(), "failed"), "0")
		again.drop()
		w.bury(w.nodes[1].incarnation())
		synctest.Wait()
		expectCounts(t, "when the other's lease has ended", counts(resumes(w, alice).take(), "resumed"), "1")
	})
}

// A connector that loses its lease ends its sessions, and their clients may come back
// to it.
func TestAfterTheLossOfALeaseNothingIsCountedThatMayBeLost(t *testing.T) {
	withCounts(t, func(t *testing.T, w *world, alice *client) {
		alice.send(said("1") + asked)
		synctest.Wait()
		w.nodes[1].silence()
		alice.send(said("2"))
		synctest.Wait()
		lost := w.nodes[0].incarnation()
		w.nodes[0].suspend()
		synctest.Wait()
		w.nodes[0].begin()
		w.bury(events.Incarnation{Name: lost.Name, Epoch: lost.Epoch})
		expectCounts(t, "too late", counts(resumes(w, alice).take(), "failed"), "1")
	})
}

// The errors that a client has not acknowledged are lost with its session. It was told nothing
// of the fate of a stanza that one of them answers, and sends it again, unless it has seen that
// counted: the error came before.
func TestAfterTheLossOfALeaseNothingIsCountedWhoseErrorMayBeLost(t *testing.T) {
	const refused = "<message to='bob@localhost/gone'><body>2</body></message>"
	for then, want := range map[string]string{"": "1", "<a xmlns='urn:xmpp:sm:3' h='1'/>": "3", asked: "3"} {
		t.Run("after "+then, func(t *testing.T) {
			withCounts(t, func(t *testing.T, w *world, alice *client) {
				alice.send(said("1") + refused + said("3"))
				synctest.Wait()
				alice.send(then)
				synctest.Wait()
				lost := w.nodes[0].incarnation()
				w.nodes[0].suspend()
				synctest.Wait()
				w.nodes[0].begin()
				w.bury(lost)
				expectCounts(t, "too late", counts(resumes(w, alice).take(), "failed"), want)
			})
		})
	}
}

// However long another connector is silent, each request is answered within two
// seconds or so.
func TestRequestsAreAnsweredWhileStanzasAreOnTheirWay(t *testing.T) {
	withCounts(t, func(t *testing.T, w *world, alice *client) {
		w.nodes[1].silence()
		alice.send(said("1") + asked)
		<-time.After(3 * time.Second)
		expectCounts(t, "the first", counts(alice.take(), "a"), "0")
		alice.send(asked + asked)
		<-time.After(3 * time.Second)
		expectCounts(t, "the others", counts(alice.take(), "a"), "0", "0")
		w.bury(w.nodes[1].incarnation())
		synctest.Wait()
		if got := counts(alice.take(), "a"); len(got) == 0 || got[len(got)-1] != "1" {
			t.Errorf("when the other's lease has ended: the counts %q, want 1 at last", got)
		}
	})
}

// An uncertain store says neither that it has a message nor that it has not.
type uncertain struct{ delivery.Offline }

func (uncertain) Store(context.Context, events.JID, []byte) error { return events.ErrUnresolved }

func TestAStanzaOfWhichNobodyKnowsWhatBecameIsNotCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(c *c2s.Config) { c.Offline = uncertain{c.Offline} })
		defer w.close()
		w.users("alice", "bob")
		alice := w.nodes[0].connect("alice")
		alice.login("alice", "r")
		alice.send("<presence/><enable xmlns='urn:xmpp:sm:3' resume='true'/>" + said("1"))
		synctest.Wait()
		expectCounts(t, "too late", counts(resumes(w, alice).take(), "failed"), "0")
	})
}
