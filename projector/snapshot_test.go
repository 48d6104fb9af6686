package projector

import (
	"fmt"
	"iter"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestAViewStaysAtItsSequenceWhileTheFoldGoesOn(t *testing.T) {
	t.Parallel()
	w := newScribe()
	for i, account := range []string{"a@localhost", "b@localhost", "c@localhost"} {
		w.online(byte(i+1), account, "r", 0)
	}
	table := w.table()
	before, then := w.last(), map[events.JID]events.Seq{}
	for jid, a := range w.accounts {
		then[jid] = a.Seq
	}
	table.Snapshot(func(p events.Position, accounts iter.Seq[*session.Account]) {
		if p != at(before) {
			t.Errorf("the snapshot is at %v, the table was at %d", p, before)
		}
		w.must("a@localhost", session.Close{Session: sid(1)})
		w.must("b@localhost", session.BecomeAvailable{Session: sid(2), Priority: 1})
		w.must("b@localhost", session.BecomeAvailable{Session: sid(2), Priority: 2})
		w.online(9, "new@localhost", "r", 0)
		for i := before; i < w.last(); i++ {
			table.Fold(&w.stored[i])
		}
		got := map[events.JID]events.Seq{}
		for a := range accounts {
			got[a.JID()] = a.Seq
		}
		if len(got) != len(then) {
			t.Errorf("%d accounts, want %d", len(got), len(then))
		}
		for jid, seq := range then {
			if got[jid] != seq {
				t.Errorf("%s is at %d, want %d", jid, got[jid], seq)
			}
		}
	})
	if len(table.snapshots) != 0 {
		t.Error("the snapshot was not given up")
	}
	if a := table.Account(jid("b@localhost")); a.Sessions()[0].Priority != 2 {
		t.Errorf("the table itself shows priority %d", a.Sessions()[0].Priority)
	}
}

func TestAHashTakenDuringTheFoldIsThatOfItsSequence(t *testing.T) {
	t.Parallel()
	w := newScribe()
	for i := range byte(50) {
		w.online(i, fmt.Sprintf("u%d@localhost", i%20), fmt.Sprintf("r%d", i), int8(i))
	}
	want := map[events.Seq]Hash{}
	replica := NewTable()
	for i := range w.stored {
		replica.Fold(&w.stored[i])
		p, h := replica.Hash()
		want[p.Seq] = h
	}
	table, folded := NewTable(), make(chan struct{})
	go func() {
		defer close(folded)
		for i := range w.stored {
			table.Fold(&w.stored[i])
		}
	}()
	for running := true; running; {
		select {
		case <-folded:
			running = false
		default:
		}
		if p, h := table.Hash(); h != want[p.Seq] {
			t.Fatalf("at %d the hash is %s, want %s", p.Seq, h, want[p.Seq])
		}
	}
}

func TestHashesDifferWhereTablesDo(t *testing.T) {
	t.Parallel()
	w := newScribe()
	seen := map[Hash]events.Seq{}
	check := func(what string) {
		p, h := w.table().Hash()
		if other, ok := seen[h]; ok {
			t.Errorf("%s: the hash at %d is that at %d", what, p.Seq, other)
		}
		seen[h] = p.Seq
	}
	check("empty")
	const alice = "alice@localhost"
	for _, c := range []session.Command{
		session.Authenticate{Session: sid(1)},
		session.Bind{Session: sid(1), Resource: "a"},
		session.RequestRoster{Session: sid(1)},
		session.BecomeAvailable{Session: sid(1)},
		session.BecomeAvailable{Session: sid(1), Priority: -1},
		session.DirectPresence{Session: sid(1), To: jid("bob@localhost"), Available: true},
		session.SwitchCarbons{Session: sid(1), On: true},
		session.EnableStreamManagement{Session: sid(1), Resumable: true, Max: 60, TokenHash: "h"},
		session.Detach{Session: sid(1), Now: 1},
	} {
		w.must(alice, c)
		check(w.stored[len(w.stored)-1].Event.Kind().String())
	}
	w.must(alice, session.Close{Session: sid(1)})
	if _, h := w.table().Hash(); h != (Hash{}) {
		t.Error("an account without sessions is in the hash, which retention could take out of it")
	}
}

// Sessions that a fold of the rest of a log can't know are told apart.
func TestTheHashOfYoungSessionsLeavesTheOldOnesOut(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "phone", 0) // since second 1
	w.online(2, "bob@localhost", "desk", 0)    // since second 4
	old := w.table().HashSince(4e9)
	if _, all := w.table().Hash(); old.All != all || old.Young == all || old.Older != 1 {
		t.Errorf("with an older session: %+v", old)
	}
	w.must("alice@localhost", session.Close{Session: sid(1)})
	if h := w.table().HashSince(4e9); h.Young != old.Young || h.All != h.Young || h.Older != 0 {
		t.Errorf("without it: %+v, and before %+v", h, old)
	}
	if h := w.table().HashSince(0); h.Young != h.All {
		t.Errorf("of all: %+v", h)
	}
}
