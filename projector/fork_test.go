package projector

import (
	"math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A fork is the table of its place for ever, whoever is folded on: the table that it was
// forked from, or forks of it.
func TestAForkChangesNothingInOthers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := history(t)
		table := NewTable()
		if rapid.Bool().Draw(t, "of the past") {
			table = NewPastTable()
		}
		type place struct {
			fork *Table
			seq  int
			text string
		}
		var places []place
		for i, st := range w.stored {
			table.Fold(&st)
			if rapid.IntRange(0, 4).Draw(t, "fork") == 0 {
				places = append(places, place{table.Fork(), i + 1, text(accountsOf(table))})
			}
		}
		_, end := table.Hash()
		for _, p := range places {
			on := p.fork.Fork()
			for _, st := range w.stored[p.seq:] {
				on.Fold(&st)
			}
			if at, hash := on.Hash(); hash != end || at != table.Position() {
				t.Fatalf("folded on from %d it is at %v, %s; want %v, %s", p.seq, at, hash, table.Position(), end)
			}
			if got, want := on.Stats(), table.Stats(); got.Sessions != want.Sessions || got.Accounts != want.Accounts || got.Records != want.Records {
				t.Fatalf("folded on from %d it counts %+v, want %+v", p.seq, got, want)
			}
			if got, want := on.Connectors(), table.Connectors(); len(got) != len(want) || len(got) > 0 && got[0] != want[0] {
				t.Fatalf("folded on from %d connectors hold %+v, want %+v", p.seq, got, want)
			}
		}
		for _, p := range places {
			if got := text(accountsOf(p.fork)); got != p.text || p.fork.Position().Seq != events.Seq(p.seq) {
				t.Fatalf("the fork of %d has become, at %v:\n%s\nwant\n%s", p.seq, p.fork.Position(), got, p.text)
			}
		}
	})
}

// A table that was forked may be forked by any goroutine, and its forks are folded by
// others.
func TestForksAreMadeAndFoldedAtTheSameTime(t *testing.T) {
	t.Parallel()
	w := newScribe()
	for n := byte(1); n < 100; n++ {
		w.online(n, "alice@localhost", string('a'+rune(n%3)), int8(n))
	}
	half, whole := NewPastTable(), w.table()
	for _, st := range w.stored[:len(w.stored)/2] {
		half.Fold(&st)
	}
	kept := half.Fork()
	_, want := whole.Hash()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			f := kept.Fork()
			for _, st := range w.stored[len(w.stored)/2:] {
				f.Fold(&st)
			}
			if _, hash := f.Hash(); hash != want {
				t.Errorf("hash %s, want %s", hash, want)
			}
		})
	}
	all.Wait()
}

func TestForkedIndexesAreMapsOfTheirOwn(t *testing.T) {
	t.Parallel()
	const keys, indexes = 2_000, 4
	all, want := []*index{newIndex()}, []map[int]*session.Account{{}}
	for range 20 * keys {
		i, n := rand.IntN(len(all)), rand.IntN(keys)
		bare := numbered(n)
		switch x := all[i]; {
		case rand.IntN(3) > 0:
			a := session.NewAccount(bare, 1)
			x.put(x.hash(bare), a)
			want[i][n] = a
		case rand.IntN(100) == 0 && len(all) < indexes:
			all, want = append(all, x.fork()), append(want, map[int]*session.Account{})
			for k, a := range want[i] {
				want[len(want)-1][k] = a
			}
		case want[i][n] != nil:
			x.remove(x.hash(bare), bare)
			delete(want[i], n)
		}
	}
	for i, x := range all {
		for n := range keys {
			if a := x.get(x.hash(numbered(n)), numbered(n)); a != want[i][n] {
				t.Fatalf("index %d has %v for %d, want %v", i, a, n, want[i][n])
			}
		}
	}
}

func TestATableOfThePastForgetsWhoHasGone(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	w.online(2, "bob@localhost", "a", 0)
	w.must("alice@localhost", session.Close{Session: sid(1)})
	table := NewPastTable()
	for _, st := range w.stored {
		table.Fold(&st)
	}
	if a := table.Account(jid("alice@localhost")); a != nil {
		t.Errorf("alice is still known: %v", a)
	}
	if table.Account(jid("bob@localhost")) == nil || table.Stats().Mismatched != 0 {
		t.Errorf("%+v", table.Stats())
	}
}
