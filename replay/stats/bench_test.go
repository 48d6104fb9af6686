package stats

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
)

// history is what some sessions do over and over: 7 records each, of which 3 matter.
func history(n int) (list []events.Stored) {
	at := begin
	for i := 0; len(list) < n; i++ {
		account := events.StoredJID(fmt.Sprintf("user%d@example.org", i%50_000))
		full := events.StoredJID(account.String() + "/phone")
		id := events.SessionID(events.NewID(at))
		for _, e := range []events.Event{
			events.Authenticated{Mechanism: "SCRAM-SHA-256", TLS: "TLS 1.3", Address: "192.0.2.7:5222", Agent: gajim},
			events.Bound{}, events.RosterRequested{}, events.PresenceAvailable{Stanza: "<presence/>"}, events.PresenceAvailable{Stanza: "<presence/>"},
			events.PresenceAvailable{Stanza: "<presence/>"}, events.Closed{Reason: events.ReasonClient},
		} {
			jid := full
			if e.Kind() == events.KindAuthenticated {
				jid = account
			}
			at = at.Add(100 * time.Millisecond)
			list = append(list, events.Stored{
				Record: events.Record{ID: events.NewEventID(at), Session: id, JID: jid, Connector: events.Incarnation{Name: "c1", Epoch: 1}, Event: e},
				Stream: "EV", Seq: events.Seq(len(list) + 1), At: at.UnixNano(),
			})
		}
	}
	return list
}

// BenchmarkFold is what all figures of a record cost, after it was read.
func BenchmarkFold(b *testing.B) {
	list := history(200_000)
	span := steps{begin.UnixNano(), list[len(list)-1].At + 1, int64(time.Minute)}
	b.ReportAllocs()
	for b.Loop() {
		r := reading{q: Query{Figures: Names()}}
		f := newFold(projector.NewTable(), span, r.figures())
		for i := range list {
			f.take(&list[i])
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(list))/b.Elapsed().Seconds(), "events/s")
}
