package projector

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func numbered(n int) events.JID { return events.StoredJID(fmt.Sprintf("u%d@localhost", n)) }

// lines is how many the index has.
func (x *index) lines() (n int) {
	for i := range x.shards {
		if l := x.shards[i].lines.Load(); l != nil {
			n += len(*l)
		}
	}
	return n
}

func TestTheIndexIsAMap(t *testing.T) {
	t.Parallel()
	const keys = 4_000
	x, want := newIndex(), map[events.JID]*session.Account{}
	check := func(when string) {
		t.Helper()
		got := map[events.JID]*session.Account{}
		for a := range x.all() {
			got[a.JID()] = a
		}
		if len(got) != len(want) {
			t.Fatalf("%s it has %d accounts, want %d", when, len(got), len(want))
		}
		for n := range keys {
			bare := numbered(n)
			if a := x.get(x.hash(bare), bare); a != want[bare] || got[bare] != a {
				t.Fatalf("%s %s is %v, want %v", when, bare, a, want[bare])
			}
		}
	}
	put := func(n int) {
		a := session.NewAccount(numbered(n), events.Seq(rand.Uint64()))
		x.put(x.hash(a.JID()), a)
		want[a.JID()] = a
	}
	remove := func(n int) {
		x.remove(x.hash(numbered(n)), numbered(n))
		delete(want, numbered(n))
	}
	for range 2 * keys {
		put(rand.IntN(keys))
	}
	check("grown")
	for range 10 * keys {
		put(rand.IntN(keys))
		remove(rand.IntN(keys))
	}
	check("after many changes")
	most := x.lines()
	for n := range keys - 100 {
		remove(n)
	}
	check("shrunk")
	if least := x.lines(); least > shards+100 {
		t.Errorf("of %d lines %d are left for 100 accounts", most, least)
	}
	for n := keys - 100; n < keys; n++ {
		remove(n)
	}
	check("empty")
}

// A line that many were passed on from counts no longer, and still passes on.
func TestALineThatTooManyWerePassedOnFromGoesOnPassingOn(t *testing.T) {
	t.Parallel()
	lines := make([]line, 64)
	var list []*session.Account
	for n := range 400 { // all of one home
		a := session.NewAccount(numbered(n), 1)
		insert(lines, uint64(n)<<8, a)
		list = append(list, a)
	}
	if passed := lines[0].tags.Load() / passedOn; passed != mostPassed {
		t.Fatalf("%d were passed on", passed)
	}
	for n, a := range list {
		if got, _, _ := find(lines, uint64(n)<<8, a.JID()); got != a {
			t.Fatalf("%s is %v", a.JID(), got)
		}
	}
	if got, _, _ := find(lines, 0, numbered(999)); got != nil {
		t.Errorf("found %s", got.JID())
	}
}

// Some accounts stay, and are changed; others come and go around them, so that shards
// grow and shrink all the time. The race detector sees to it that readers and the
// writer share nothing but atomic words.
func TestReadersMissNobodyWhileOthersAreRemoved(t *testing.T) {
	t.Parallel()
	const staying, passing, rounds = 200, 2_000, 6
	x := newIndex()
	put := func(n int, seq events.Seq) {
		a := session.NewAccount(numbered(n), seq)
		x.put(x.hash(a.JID()), a)
	}
	for n := range staying {
		put(n, 1)
	}
	var over atomic.Bool
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			var seen [staying]events.Seq
			for !over.Load() {
				n := rand.IntN(staying + passing)
				a := x.get(x.hash(numbered(n)), numbered(n))
				switch {
				case a != nil && a.JID() != numbered(n):
					t.Errorf("%s was found for %s", a.JID(), numbered(n))
				case n >= staying:
				case a == nil:
					t.Errorf("%s is missing", numbered(n))
				case a.Seq < seen[n]:
					t.Errorf("%s went from %d back to %d", a.JID(), seen[n], a.Seq)
				default:
					seen[n] = a.Seq
				}
			}
		})
		readers.Go(func() {
			for !over.Load() {
				stayed := 0
				for a := range x.all() {
					if a.Seq > 0 {
						stayed++
					}
				}
				if stayed != staying {
					t.Errorf("%d of %d are listed", stayed, staying)
				}
			}
		})
	}
	for round := range rounds {
		for n := range passing {
			put(staying+n, 0)
			put(n%staying, events.Seq(2+round))
		}
		for n := range passing {
			x.remove(x.hash(numbered(staying+n)), numbered(staying+n))
		}
	}
	over.Store(true)
	readers.Wait()
}
