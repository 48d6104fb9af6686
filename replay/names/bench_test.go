package names

import (
	"fmt"
	"testing"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// What an account costs whoever reads many: to make its pseudonym, to ask for one that
// is there, to load it with all others, and to find it in memory.
func BenchmarkNames(b *testing.B) {
	const batch = 10_000
	server, err := natsd.Start(b.Context(), natsd.Options{DataDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(server.Shutdown)
	nats, err := bus.Connect(b.Context(), bus.Config{InProcess: server})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nats.Close)
	accounts := 0
	of := func(i int) *events.Stored {
		return &events.Stored{Seq: events.Seq(i + 1), Record: events.Record{JID: events.StoredJID(fmt.Sprintf("user%d@example.org", i)), Event: events.Bound{}}}
	}
	ask := func(b *testing.B, n *Names, first, count int) {
		who := make([]Pseudonym, batch)
		for at := first; at < first+count; at += batch {
			var records []*events.Stored
			for i := range min(batch, first+count-at) {
				records = append(records, of(at+i))
			}
			if err := n.OfAll(b.Context(), records, who[:len(records)]); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "accounts/s")
	}
	b.Run("make", func(b *testing.B) {
		ask(b, NewSized(nats.Names(), nats.Log(), batch), accounts, b.N)
		accounts += b.N
	})
	b.Run("ask", func(b *testing.B) { ask(b, NewSized(nats.Names(), nats.Log(), batch), 0, min(b.N, accounts)) })
	loaded := NewSized(nats.Names(), nats.Log(), accounts)
	b.Run("load", func(b *testing.B) {
		for read := 0; read < b.N; read += accounts {
			if err := loaded.Load(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "accounts/s")
	})
	b.Run("in memory", func(b *testing.B) { ask(b, loaded, 0, min(b.N, accounts)) })
}
