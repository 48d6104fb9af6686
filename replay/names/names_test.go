package names

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestAnAccountKeepsItsPseudonymWhereverItIsAskedFor(t *testing.T) {
	w := newWorld(t)
	a, b := w.write(alice, life...), w.write(bob, life...)
	n := w.other()
	first := w.of(n, a[2])
	if first.IsZero() || w.of(n, b[0]) == first || w.of(n, b[0]).IsZero() {
		t.Fatalf("alice is %s, bob %s", first, w.of(n, b[0]))
	}
	for _, st := range a {
		for _, who := range []*Names{n, w.other()} {
			if got := w.of(who, st); got != first {
				t.Errorf("at %d it is %s, not %s", st.Seq, got, first)
			}
		}
	}
}

func TestWhatIsOfNoAccountHasNoPseudonym(t *testing.T) {
	w := newWorld(t)
	for _, st := range []*events.Stored{
		{Seq: 1, Record: events.Record{JID: events.Connectors, Event: events.ConnectorStarted{}}},
		{Seq: 1, Record: events.Record{Event: events.Connected{}}},
		{Seq: 1, Record: events.Record{JID: alice, Event: events.AuthFailed{Username: "alice"}}},
	} {
		if p := w.of(w.other(), st); !p.IsZero() {
			t.Errorf("%s has %s", st.Event.Kind(), p)
		}
	}
	if list := w.listed(); len(list) > 0 {
		t.Errorf("there are names: %v", list)
	}
}

// An account is made, removed and made again. Whoever reads, from wherever on and in
// whatever order, tells the two apart in the same way.
func TestANewAccountOfAnOldNameHasAnotherPseudonym(t *testing.T) {
	for order, places := range map[string][]int{
		"along the log": {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "backwards": {9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
		"from the middle": {7, 2, 9, 0, 5, 1, 3, 4, 6, 8}, "from the removal": {4, 8, 5, 6, 7, 9, 3, 2, 1, 0},
	} {
		t.Run(order, func(t *testing.T) {
			w := newWorld(t)
			records := w.write(alice, life...)
			w.must(w.other().Removing(w.ctx, alice))
			records = append(records, w.write(alice, events.AccountRemoved{})...)
			records = append(records, w.write(alice, life...)...)
			records = append(records, w.write(alice, events.PasswordChanged{})...)
			along, got := w.other(), make([]Pseudonym, len(records))
			for _, i := range places {
				got[i] = w.of(along, records[i])
				if again := w.of(w.other(), records[i]); again != got[i] {
					t.Errorf("at record %d a new process says %s", i, again)
				}
			}
			if got[0].IsZero() || got[5].IsZero() || got[0] == got[5] {
				t.Fatalf("the two are %s and %s", got[0], got[5])
			}
			for i, p := range got {
				if want := got[i/5*5]; p != want {
					t.Errorf("record %d is of %s, not of %s", i, p, want)
				}
			}
			if list := w.listed(); len(list) != 2 || list[0].Account != alice {
				t.Errorf("the names are %v", list)
			}
		})
	}
}

// The same without the mark, as builds before this one left it, for whoever reads the
// whole log, or sees the new account's creation before anything else.
func TestAReaderOfTheWholeLogNeedsNoMark(t *testing.T) {
	for name, begin := range map[string]int{"from the beginning": 0, "from the creation": 5} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			records := w.write(alice, append(append(slices.Clone(life), events.AccountRemoved{}), life...)...)
			var late Pseudonym
			if begin > 0 { // somebody was in the middle before
				late = w.of(w.other(), records[7])
			}
			w.all(w.other(), records[begin:])
			got := w.all(w.other(), records)
			for i, p := range got {
				if want := got[i/5*5]; p != want || p.IsZero() {
					t.Errorf("record %d is of %s, not of %s", i, p, want)
				}
			}
			if got[0] == got[5] || begin > 0 && got[7] != late {
				t.Errorf("the two are %s and %s; the later was %s", got[0], got[5], late)
			}
		})
	}
}

func TestOfAllProcessesThatAskAtOnceAllGetTheSame(t *testing.T) {
	w := newWorld(t)
	var records []*events.Stored
	for i := range 40 {
		account := events.StoredJID(fmt.Sprintf("user%d@localhost", i))
		records = append(records, w.write(account, life...)...)
		if i%4 == 0 {
			w.must(w.other().Removing(w.ctx, account))
			records = append(records, w.write(account, events.AccountRemoved{}, events.AccountCreated{}, events.Bound{})...)
		}
	}
	slices.SortFunc(records, func(a, b *events.Stored) int { return int(a.Seq) - int(b.Seq) })
	results := make([][]Pseudonym, 6)
	var all sync.WaitGroup
	for i := range results {
		n := New(w.connect().Names(), w.Log())
		all.Go(func() {
			results[i] = make([]Pseudonym, len(records))
			if err := n.OfAll(w.ctx, records, results[i]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	distinct := make(map[Pseudonym]bool)
	for i, p := range results[0] {
		distinct[p] = true
		for _, other := range results[1:] {
			if other[i] != p {
				t.Fatalf("record %d is of %s and of %s", i, p, other[i])
			}
		}
	}
	if len(distinct) != 50 || len(w.listed()) != 50 {
		t.Errorf("there are %d pseudonyms and %d names, not 50", len(distinct), len(w.listed()))
	}
}

func TestTheNamesOfOneAccountAreFound(t *testing.T) {
	w := newWorld(t)
	if list, err := w.other().Find(w.ctx, alice); err != nil || len(list) > 0 {
		t.Errorf("before there is one: %v, %v", list, err)
	}
	records := w.write(alice, append(append(slices.Clone(life), events.AccountRemoved{}), life...)...)
	w.all(w.other(), append(records, w.write(bob, life...)...))
	list, err := w.other().Find(w.ctx, records[8].JID)
	if err != nil || len(list) != 2 || list[0].From != 0 || list[1].From != 6 || list[1].Pseudonym != w.of(w.other(), records[8]) {
		t.Errorf("%v, %v", list, err)
	}
}

func TestASmallMemoryChangesNothing(t *testing.T) {
	w := newWorld(t)
	var records []*events.Stored
	for i := range 30 {
		records = append(records, w.write(events.StoredJID(fmt.Sprintf("user%d@localhost", i%10)), events.Bound{})...)
	}
	small := NewSized(w.Names(), w.Log(), 3)
	want := w.all(w.other(), records)
	if got := w.all(small, records); !slices.Equal(got, want) {
		t.Error("they differ")
	}
	w.must(small.Load(w.ctx))
	for i, st := range records {
		if got := w.of(small, st); got != want[i] {
			t.Errorf("record %d is of %s, not of %s", i, got, want[i])
		}
	}
}

func TestWhatIsLoadedNeedsNoReading(t *testing.T) {
	w := newWorld(t)
	records := append(w.write(alice, life...), w.write(bob, life...)...)
	want := w.all(w.other(), records)
	n := w.other()
	w.must(n.Load(w.ctx))
	w.Close() // whoever has to ask fails
	if got := w.all(n, records); !slices.Equal(got, want) {
		t.Error("they differ")
	}
}

func TestAPseudonymIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	p := newPseudonym()
	if got, err := Parse(strings.ToLower(p.String())); err != nil || got != p || len(p.String()) != 26 {
		t.Errorf("%s is read as %s, %v", p, got, err)
	}
	if _, err := Parse("alice@localhost"); err == nil {
		t.Error("a name is taken for one")
	}
}
