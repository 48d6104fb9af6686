package api

import (
	"cmp"
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
			if list, err := inPlace(t.Context(), table, account); err != nil || len(list) != 1 || list[0].JID != account {
				t.Errorf("there are %v, %v", list, err)
			}
		})
	}
	if a, b := allocations(few), allocations(many); a != b {
		t.Errorf("it takes %v allocations among few, and %v among many", a, b)
	}
	all, err := inPlace(t.Context(), many, events.JID{})
	if err != nil || len(all) != 10_000 || !slices.IsSortedFunc(all, func(a, b placed) int { return cmp.Compare(a.place, b.place) }) {
		t.Errorf("of all there are %d, %v", len(all), err)
	}
}
