package api

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// tableOfMany has a session of each of so many accounts.
func tableOfMany(n int) *projector.Table {
	table := projector.NewTable()
	for i := range n {
		st := &events.Stored{Stream: "RC_EV", Seq: events.Seq(i + 1), At: int64(i + 1)}
		st.Session, st.JID = events.NewSessionID(time.Now()), events.StoredJID(fmt.Sprintf("user%d@localhost", i))
		st.Connector = events.Incarnation{Name: "c1", Epoch: 1}
		st.Event = events.Authenticated{Mechanism: "PLAIN"}
		table.Fold(st)
	}
	return table
}

// Whoever asks about one account, as a token of that account may, does not make the server
// look at everybody's sessions.
func TestTheSessionsOfAnAccountAreFoundWithoutTheOthers(t *testing.T) {
	few, many, account := tableOfMany(10), tableOfMany(10_000), events.StoredJID("user7@localhost")
	allocations := func(table *projector.Table) float64 {
		return testing.AllocsPerRun(10, func() {
			n := 0
			for s := range sessionsOf(table, account) {
				if n++; s.JID() != account {
					t.Errorf("%s is there", s.JID())
				}
			}
			if n != 1 {
				t.Errorf("there are %d", n)
			}
		})
	}
	if a, b := allocations(few), allocations(many); a != b {
		t.Errorf("it takes %v allocations among few, and %v among many", a, b)
	}
}

// The pages of a list have all of it, each session once and in order, and a page is found
// without a list of all.
func TestPagesOfSessionsAreTheirListInOrder(t *testing.T) {
	t.Parallel()
	table := tableOfMany(1000)
	var all []string
	for after := ""; ; {
		page := firsts{after: after, most: 70}
		for s, lost := range sessionsOf(table, events.JID{}) {
			page.take(s, lost)
		}
		if len(page.list) == 0 {
			break
		}
		for _, p := range page.list {
			all = append(all, p.place)
		}
		after = all[len(all)-1]
		if cap(page.list) > 2*page.most {
			t.Errorf("a page of %d has room for %d", page.most, cap(page.list))
		}
	}
	if len(all) != 1000 || !slices.IsSorted(all) || len(slices.Compact(all)) != 1000 {
		t.Errorf("there are %d", len(all))
	}
}

// Most of very many sessions are left out before there is a text of any, whatever is asked of
// them that a table knows without one.
func TestAPageAmongManySessionsIsMadeOfThoseOnIt(t *testing.T) {
	table := tableOfMany(20_000)
	for _, text := range []string{"", "state:unbound", "connector:c1 -role:admin", "address:192.0.2.0/24 duration:>1h"} {
		chosen, err := filter.ParseSessions(text)
		if err != nil {
			t.Fatal(err)
		}
		allocations := testing.AllocsPerRun(3, func() {
			page, meant := firsts{after: "user12@localhost", most: 100}, meaning(chosen, time.Now())
			for s, lost := range sessionsOf(table, events.JID{}) {
				if meant(s, lost) {
					page.take(s, lost)
				}
			}
		})
		if allocations > 10_000 {
			t.Errorf("%q: %v allocations among 20,000 sessions", text, allocations)
		}
	}
}
