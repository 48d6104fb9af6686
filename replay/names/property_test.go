package names

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A model is what is right of one account: of each record the number of its incarnation
// and of the erasure before it, and whether it was erased itself.
type model struct {
	account events.JID
	records []*events.Stored
	lives   []int
	life    int
	removed bool
	erased  int // records
}

// Accounts live, are removed, made again and erased, while processes that start at any
// time, some with little memory, ask for any records, alone or many at once. Each
// incarnation has one pseudonym, the same for all, another than any other's; another
// again after an erasure; and none up to it.
func TestAllThatIsSaidOfPseudonymsIsConsistent(t *testing.T) {
	w := newWorld(t)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		var accounts []*model
		for i := range 3 {
			accounts = append(accounts, &model{account: events.StoredJID(fmt.Sprintf("u%d.%d@localhost", round, i))})
		}
		processes := []*Names{w.other(), NewSized(w.Names(), w.Log(), 1)}
		said := make(map[[3]int]Pseudonym) // of an account's incarnation after so many erased records
		for range rapid.IntRange(10, 40).Draw(t, "steps") {
			i := rapid.IntRange(0, len(accounts)-1).Draw(t, "account")
			a := accounts[i]
			n := processes[rapid.IntRange(0, len(processes)-1).Draw(t, "process")]
			switch rapid.SampledFrom([]string{"write", "write", "write", "turn", "erase", "start", "load", "ask", "ask", "ask"}).Draw(t, "step") {
			case "write":
				a.write(w, events.Bound{})
			case "turn":
				a.turn(w, n)
			case "erase":
				if _, err := n.Erase(w.ctx, a.account); err != nil && !errors.Is(err, ErrNobody) {
					t.Fatal(err)
				}
				a.erased = len(a.records)
				for p := range processes { // that follow
					processes[p].forget(a.account, 0)
				}
			case "start":
				processes = append(processes, w.other())
			case "load":
				if err := n.Load(w.ctx); err != nil {
					t.Fatal(err)
				}
			case "ask":
				a.ask(t, w, n, i, said)
			}
		}
		for i, a := range accounts {
			a.ask(t, w, w.other(), i, said)
		}
		all := make(map[Pseudonym]bool)
		for key, p := range said {
			if all[p] {
				t.Fatalf("%v shares %s", key, p)
			}
			all[p] = true
		}
	})
}

func (a *model) write(w *world, e events.Event) {
	a.records = append(a.records, w.write(a.account, e)...)
	a.lives = append(a.lives, a.life)
}

// turn makes the account, or removes it, or makes it again.
func (a *model) turn(w *world, n *Names) {
	switch {
	case len(a.records) == 0:
		a.write(w, events.AccountCreated{})
	case a.removed:
		a.removed = false
		a.life++
		a.write(w, events.AccountCreated{})
	default:
		w.must(n.Removing(w.ctx, a.account))
		a.removed = true
		a.write(w, events.AccountRemoved{})
	}
}

// ask asks for some records, and compares with all that was said before.
func (a *model) ask(t *rapid.T, w *world, n *Names, index int, said map[[3]int]Pseudonym) {
	if len(a.records) == 0 {
		return
	}
	// The last ones are asked for the most.
	from := len(a.records) - 1 - rapid.IntRange(0, len(a.records)-1).Draw(t, "before")
	to := rapid.IntRange(from+1, len(a.records)).Draw(t, "to")
	who := make([]Pseudonym, to-from)
	if err := n.OfAll(w.ctx, slices.Clone(a.records[from:to]), who); err != nil {
		t.Fatal(err)
	}
	for i, p := range who {
		at := from + i
		if at < a.erased {
			if !p.IsZero() {
				t.Fatalf("record %d of %s is erased and of %s", at, a.account, p)
			}
			continue
		}
		key := [3]int{index, a.lives[at], a.erased}
		if before, ok := said[key]; p.IsZero() || ok && p != before {
			t.Fatalf("record %d of %s is of %s, and was of %s", at, a.account, p, before)
		}
		said[key] = p
	}
}
