package c2s_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Sessions that the log has forgotten, as when an operator has shortened its
// age, and that a connector that starts later does not know until they are
// repeated.

// forgetting runs a test in which alice is online at the first connector, and the
// second started when the log had nothing left of it.
func forgetting(t *testing.T, test func(t *testing.T, w *world, alice *client, late *node)) {
	alone(t, nil, func(t *testing.T, w *world) {
		w.watch("bob", "alice")
		alice := w.nodes[0].connect("alice")
		alice.login("alice", "desk")
		alice.send("<presence/>")
		alice.answers()
		w.log.Retain(time.Minute)
		time.Sleep(time.Minute)
		late := w.start("late")
		w.nodes = append(w.nodes, late)
		test(t, w, alice, late)
	})
}

// refresh lets the first connector repeat its sessions for a minute.
func (w *world) refresh() {
	first := w.nodes[0]
	w.rooms.Go(func() { first.service.Refresh(first.ctx, first.table) })
	time.Sleep(time.Minute)
	synctest.Wait()
}

func TestContactsAreShownASessionOnceWhenItIsKnownAgain(t *testing.T) {
	forgetting(t, func(t *testing.T, w *world, _ *client, late *node) {
		bob := late.connect("bob")
		bob.login("bob", "phone")
		bob.send("<presence/>")
		if got := bob.answers(); strings.Contains(got, "alice@localhost/desk") {
			t.Fatalf("bob knows already: %s", got)
		}
		w.refresh()
		if got := bob.answers(); strings.Count(got, "<presence from='alice@localhost/desk'") != 1 {
			t.Errorf("bob was sent %s", got)
		}
	})
}

func TestASessionEndsWhoseFullJIDIsBoundWhereItIsNotKnown(t *testing.T) {
	forgetting(t, func(t *testing.T, w *world, alice *client, late *node) {
		again := late.connect("again")
		again.login("alice", "desk")
		alice.mustEnd(t, "conflict")
		w.refresh()
		if a := late.table.Account(bare("alice")); len(a.Sessions()) != 1 || a.Sessions()[0].Connector() != late.incarnation() {
			t.Errorf("alice has %d sessions", len(a.Sessions()))
		}
	})
}
