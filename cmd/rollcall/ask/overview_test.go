package ask

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

// tableOf has a session of each of so many accounts, on ten connectors.
func tableOf(n int) *projector.Table {
	table := projector.NewTable()
	for i := range n {
		st := &events.Stored{Stream: "RC_EV", Seq: events.Seq(i + 1), At: int64(i + 1)}
		st.Session, st.JID = events.NewSessionID(time.Now()), events.StoredJID(fmt.Sprintf("user%d@localhost", i))
		st.Connector = events.Incarnation{Name: fmt.Sprintf("c%d", i%10), Epoch: 1}
		st.Event = events.Authenticated{Mechanism: "PLAIN"}
		table.Fold(st)
	}
	return table
}

// Whoever asks every second costs the same however many are online.
func BenchmarkOverview(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		table := tableOf(n)
		day := stats.NewDay(table)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				OverviewOf(table, day, time.Now())
			}
		})
	}
}
