package projector

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func ids(list []*session.Session) (names []string) {
	for _, s := range list {
		names = append(names, s.JID().Resource())
	}
	return names
}

func TestAnEmptyTableKnowsNobody(t *testing.T) {
	t.Parallel()
	table := NewTable()
	a := jid("alice@localhost")
	if table.Account(a) != nil || table.Session(jid("alice@localhost/x")) != nil || table.Routes(a) != nil {
		t.Fatal("somebody is there")
	}
}

func TestRoutesAreTheAvailableResourcesTiedAtTheHighestPriority(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		priorities map[string]int8
		want       []string
	}{
		{"nobody", nil, nil},
		{"one", map[string]int8{"a": 0}, []string{"a"}},
		{"the highest", map[string]int8{"a": 1, "b": 5, "c": -1}, []string{"b"}},
		{"all that are tied", map[string]int8{"a": 5, "b": 5, "c": 4}, []string{"a", "b"}},
		{"nobody with a negative priority", map[string]int8{"a": -1, "b": -128}, nil},
	} {
		w := newScribe()
		id := byte(0)
		for resource, priority := range c.priorities {
			id++
			w.online(id, "alice@localhost", resource, priority)
		}
		w.bound(99, "alice@localhost", "silent")
		got := ids(w.table().Routes(jid("alice@localhost")))
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestASessionIsFoundByItsFullJIDFromBindToClose(t *testing.T) {
	t.Parallel()
	w := newScribe()
	full := jid("alice@localhost/phone")
	w.must("alice@localhost", session.Authenticate{Session: sid(1)})
	if w.table().Session(full) != nil {
		t.Error("found before it was bound")
	}
	w.must("alice@localhost", session.Bind{Session: sid(1), Resource: "phone"})
	if s := w.table().Session(full); s == nil || s.ID != sid(1) {
		t.Errorf("bound, but found is %v", s)
	}
	w.must("alice@localhost", session.Close{Session: sid(1), Reason: events.ReasonClient})
	if w.table().Session(full) != nil {
		t.Error("found after it was closed")
	}
}

func TestAnAccountWithoutSessionsKeepsItsSequence(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	w.must("alice@localhost", session.Close{Session: sid(1)})
	a := w.table().Account(jid("alice@localhost"))
	if a == nil || a.Seq != w.last() || len(a.Sessions()) != 0 {
		t.Fatalf("got %+v, want sequence %d", a, w.last())
	}
}

func TestARecordThatComesAgainMovesNothingBack(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	table := w.table()
	table.Fold(&w.stored[0])
	table.Skip(&events.PoisonError{Seq: 1, Err: events.ErrUndecodable})
	if got := table.Position(); got != at(w.last()) {
		t.Errorf("the position is %v", got)
	}
	if s := table.Stats(); s.Records != uint64(w.last()) || s.Poison != 0 {
		t.Errorf("counted were %+v", s)
	}
}

func TestNothingIsRoutedToALostConnector(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "far", 9)
	w.connector = events.Incarnation{Name: "c2", Epoch: 7}
	w.online(2, "alice@localhost", "near", 1)
	table := w.table()
	if got := ids(table.Routes(jid("alice@localhost"))); !slices.Equal(got, []string{"far"}) {
		t.Fatalf("before the loss: %v", got)
	}
	table.Lost(events.Incarnation{Name: "c1", Epoch: 3})
	if got := ids(table.Routes(jid("alice@localhost"))); !slices.Equal(got, []string{"near"}) {
		t.Errorf("routes after the loss: %v", got)
	}
	if table.Session(jid("alice@localhost/far")) != nil {
		t.Error("the lost session is still found")
	}
	if got := table.Account(jid("alice@localhost")).Resource("far"); got == nil {
		t.Error("the account no longer shows what the log says")
	}
}

func TestALossIsOfTheEpochsUpToItsOwn(t *testing.T) {
	t.Parallel()
	table := NewTable()
	table.Lost(events.Incarnation{Name: "c1", Epoch: 5})
	table.Lost(events.Incarnation{Name: "c1", Epoch: 4}) // told late
	for epoch, want := range map[uint64]bool{1: true, 5: true, 6: false} {
		if got := table.IsLost(events.Incarnation{Name: "c1", Epoch: epoch}); got != want {
			t.Errorf("epoch %d is lost: %v, want %v", epoch, got, want)
		}
	}
	if table.IsLost(events.Incarnation{Name: "c2"}) {
		t.Error("a connector that nobody spoke of is lost")
	}
}

func TestADetachedSessionIsReachableAsLongAsItsConnectorIs(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	w.must("alice@localhost", session.EnableStreamManagement{Session: sid(1), Resumable: true, Max: 60, TokenHash: "h"})
	w.must("alice@localhost", session.Detach{Session: sid(1), Reason: events.ReasonConnectionLost})
	table := w.table()
	reachable := func() int {
		if (table.Session(jid("alice@localhost/a")) != nil) != (len(table.Routes(jid("alice@localhost"))) == 1) {
			t.Error("its full JID and its account disagree")
		}
		return len(table.Routes(jid("alice@localhost")))
	}
	if reachable() != 1 {
		t.Error("a session that waits to be resumed is not routed to")
	}
	table.Lost(w.connector)
	if reachable() != 0 {
		t.Error("a session of a lost connector is routed to")
	}
	held := 0
	for range table.HeldBy(w.connector) {
		held++
	}
	if held != 1 {
		t.Errorf("whoever reaps the lost connector finds %d of 1 session that waits", held)
	}
}

func TestHeldByGivesTheAccountsThatHaveToBeReaped(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "old@localhost", "a", 0)
	w.connector.Epoch = 2
	w.online(2, "alice@localhost", "a", 0)
	w.online(3, "bob@localhost", "a", 0)
	w.must("bob@localhost", session.EnableStreamManagement{Session: sid(3), Resumable: true, Max: 60, TokenHash: "h"})
	w.must("bob@localhost", session.Detach{Session: sid(3)})
	w.connector.Epoch = 3
	w.online(4, "new@localhost", "a", 0)
	w.connector = events.Incarnation{Name: "c2", Epoch: 2}
	w.online(5, "other@localhost", "a", 0)
	var got []string
	for a := range w.table().HeldBy(events.Incarnation{Name: "c1", Epoch: 2}) {
		got = append(got, a.JID().String())
	}
	slices.Sort(got)
	if want := []string{"alice@localhost", "bob@localhost", "old@localhost"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestLookupsAllocateNothing(t *testing.T) {
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	table, bare, full := w.table(), jid("alice@localhost"), jid("alice@localhost/a")
	table.Lost(events.Incarnation{Name: "somebody else", Epoch: 1})
	n := testing.AllocsPerRun(100, func() {
		if len(table.Routes(bare)) != 1 || table.Session(full) == nil || table.Account(full) == nil {
			t.Error("not found")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The fold and its readers share nothing but atomic pointers: the race detector
// sees to it that this is true, the sequences that readers never see an account
// go back, and the count that none is overlooked while shards grow.
func TestReadersSeeAccountsGoForwardWhileTheFoldRuns(t *testing.T) {
	t.Parallel()
	const accounts, rounds = 600, 4
	w := newScribe()
	for round := range rounds {
		for i := range accounts {
			account := fmt.Sprintf("u%d@localhost", i)
			if round == 0 {
				w.bound(1, account, "a")
			}
			w.must(account, session.BecomeAvailable{Session: sid(1), Priority: int8(round)})
		}
	}
	table, folded := NewTable(), make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			seen := map[events.JID]events.Seq{}
			for running := true; running; {
				select {
				case <-folded:
					running = false
				default:
				}
				bare := jid(fmt.Sprintf("u%d@localhost", rand.IntN(accounts)))
				a := table.Account(bare)
				if seqAt(a) < seen[bare] {
					t.Errorf("%s went from %d back to %d", bare, seen[bare], seqAt(a))
				}
				seen[bare] = seqAt(a)
			}
		})
	}
	for i := range w.stored {
		table.Fold(&w.stored[i])
	}
	close(folded)
	readers.Wait()
	for i := range accounts {
		bare := jid(fmt.Sprintf("u%d@localhost", i))
		if got, want := seqAt(table.Account(bare)), w.accounts[bare].Seq; got != want {
			t.Errorf("%s is at %d, want %d", bare, got, want)
		}
	}
}
