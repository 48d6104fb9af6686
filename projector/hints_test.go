package projector

import (
	"fmt"
	"iter"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// forgetful is an empty table that remembers so many ends.
func forgetful(limit int) *Table {
	t := NewTable()
	t.hints.limit = limit
	return t
}

// come has an account come and go.
func (w *scribe) come(account string) {
	w.bound(1, account, "a")
	w.must(account, session.Close{Session: sid(1)})
}

func (w *scribe) foldInto(t *Table) *Table {
	for i := range w.stored {
		t.Fold(&w.stored[i])
	}
	return t
}

// The facts about sessions do not depend on the hints remembered about others.
func TestATableThatForgetsSaysTheSameOfEverySession(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := history(t)
		table, want := forgetful(rapid.IntRange(0, 2).Draw(t, "hints")), map[events.JID]*session.Account{}
		for i := range w.stored {
			st := &w.stored[i]
			bare := st.JID.Bare()
			before := want[bare]
			want[bare] = session.Apply(before, st)
			if was, _ := table.Fold(st); was != nil && seqAt(was) != seqAt(before) {
				t.Fatalf("before %d %s was at %d, want %d", st.Seq, bare, seqAt(was), seqAt(before))
			}
			if got := text(accountsOf(table)); got != text(want) {
				t.Fatalf("at %d the table holds\n%q, want\n%q", st.Seq, got, text(want))
			}
			checkInvariants(t, table)
			checkForgotten(t, table, want)
		}
		if n := table.Stats().Mismatched; n > 0 {
			t.Fatalf("%d records are taken for faults: %v", n, table.Stats().Faults)
		}
	})
}

// checkForgotten checks what a table promises of accounts that it may have forgotten.
func checkForgotten(t *rapid.T, table *Table, want map[events.JID]*session.Account) {
	for bare, a := range want {
		got := table.Account(bare)
		switch {
		case got == nil && len(a.Sessions()) > 0:
			t.Fatalf("%s is forgotten and has sessions", bare)
		case got == nil && a.Seq > table.Forgotten():
			t.Fatalf("%s at %d is forgotten, and Forgotten is %d", bare, a.Seq, table.Forgotten())
		case got != nil && got.CredentialsSeq() < a.CredentialsSeq():
			t.Fatalf("the password of %s changed at %d, not before %d", bare, a.CredentialsSeq(), got.CredentialsSeq())
		}
	}
}

func TestTheOldestEndsAreForgottenFirst(t *testing.T) {
	t.Parallel()
	w := newScribe()
	for _, account := range []string{"a@localhost", "b@localhost", "c@localhost", "b@localhost", "d@localhost"} {
		w.come(account)
	}
	table := w.foldInto(forgetful(3))
	for account, known := range map[string]bool{"a@localhost": false, "b@localhost": true, "c@localhost": true, "d@localhost": true} {
		if got := table.Account(jid(account)); (got != nil) != known {
			t.Errorf("%s: %v", account, got)
		}
	}
	if got, want := table.Forgotten(), events.Seq(3); got != want {
		t.Errorf("it has forgotten what was before %d, want %d", got, want)
	}
}

func TestATableThatHasForgottenNobodySaysSo(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.come("a@localhost")
	if got := w.foldInto(NewTable()).Forgotten(); got != 0 {
		t.Errorf("it has forgotten what was before %d", got)
	}
}

func TestATableOfTheRestOfALogHasForgottenTheBeginning(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.come("a@localhost")
	rest := NewTable()
	rest.Fold(&w.stored[2])
	if got := rest.Forgotten(); got != 2 {
		t.Errorf("of records after the second, it has forgotten what was before %d", got)
	}
	none := NewTable()
	none.pass(7)
	if got := none.Forgotten(); got != 7 {
		t.Errorf("of none after the seventh, it has forgotten what was before %d", got)
	}
}

func TestWhatIsRememberedOfAccountsThatWentIsBounded(t *testing.T) {
	t.Parallel()
	w := newScribe()
	for n := range 1_000 {
		w.come(fmt.Sprintf("u%d@localhost", n))
	}
	table := w.foldInto(forgetful(10))
	n := 0
	for range table.accounts.all() {
		n++
	}
	if n != 10 || cap(table.hints.list) > 100 || table.accounts.lines() > shards {
		t.Errorf("%d accounts of 10 are there, in %d lines, and a list for %d", n, table.accounts.lines(), cap(table.hints.list))
	}
	if s := table.Stats(); s.Accounts != 0 || s.Sessions != 0 {
		t.Errorf("counted were %+v", s)
	}
}

// The snapshot holds what would be forgotten meanwhile.
func TestASnapshotShowsAccountsThatGoWhileItIsRead(t *testing.T) {
	t.Parallel()
	w := newScribe()
	const accounts = 500
	for n := range accounts {
		w.bound(1, fmt.Sprintf("u%d@localhost", n), "a")
	}
	table := w.foldInto(forgetful(0))
	begun := w.last()
	table.Snapshot(func(at events.Position, list iter.Seq[*session.Account]) {
		seen := map[events.JID]bool{}
		for a := range list {
			if len(seen) == 0 { // all go, and some come back
				for n := range accounts {
					w.must(fmt.Sprintf("u%d@localhost", n), session.Close{Session: sid(1)})
				}
				for n := range accounts / 2 {
					w.bound(1, fmt.Sprintf("u%d@localhost", n), "a")
				}
				for i := begun; i < w.last(); i++ {
					table.Fold(&w.stored[i])
				}
			}
			if seen[a.JID()] || a.Seq > begun {
				t.Errorf("%s is at %d, seen before: %v", a.JID(), a.Seq, seen[a.JID()])
			}
			seen[a.JID()] = true
		}
		if len(seen) != accounts {
			t.Errorf("%d of %d accounts at %d are shown", len(seen), accounts, at.Seq)
		}
	})
	for n := range accounts {
		w.come(fmt.Sprintf("new%d@localhost", n))
	}
	for i := table.Position().Seq; i < w.last(); i++ {
		table.Fold(&w.stored[i])
	}
	if n := len(table.hints.list); n > 1 {
		t.Errorf("when it was read, %d that had gone are not forgotten", n)
	}
}
