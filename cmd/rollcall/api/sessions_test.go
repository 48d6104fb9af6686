package api

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
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
			if list := slices.Collect(sessionsOf(table, account)); len(list) != 1 || list[0].JID != account {
				t.Errorf("there are %v", list)
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
		for v := range sessionsOf(table, events.JID{}) {
			page.take(&v)
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
