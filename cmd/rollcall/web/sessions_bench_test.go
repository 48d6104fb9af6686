package web_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// BenchmarkSessions is the page of sessions where there are very many of them, with all that
// it takes: the API, the audit, the template, the server and its client.
func BenchmarkSessions(b *testing.B) {
	for _, sessions := range []int{1000, 100_000} {
		w := newWorld(b)
		w.crowd(sessions)
		for _, query := range []string{"", "?connector=c1", "?state=detached", "?filter=duration:%3E1h", "?after=user50000@localhost"} {
			b.Run(fmt.Sprintf("sessions=%d/%s", sessions, query), func(b *testing.B) {
				var tokens [20]string // one of them may not ask more often than 50 times a second
				for i := range tokens {
					tokens[i] = w.token("admin")
				}
				b.ReportAllocs()
				before := processorTime()
				for i := 0; b.Loop(); i++ {
					if got := w.as(tokens[i%len(tokens)]).get("/sessions" + query); got.status != 200 {
						b.Fatalf("%d %s", got.status, got.body)
					}
				}
				b.ReportMetric(float64((processorTime()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			})
		}
	}
}

// crowd has so many accounts be online, each with one session, in the table alone.
func (w *world) crowd(n int) {
	at := time.Now().Add(-time.Minute)
	seq := events.Seq(0)
	for i := range n {
		full := events.StoredJID(fmt.Sprintf("user%d@localhost/phone.%08x", i, i*2654435761))
		id := events.NewSessionID(at)
		for _, e := range []events.Event{
			events.Authenticated{Mechanism: "SCRAM-SHA-256", TLS: "TLS 1.3", Address: "192.0.2.7:50123"}, events.Bound{Requested: "phone"},
			events.PresenceAvailable{Priority: 5, Stanza: "<presence/>"},
		} {
			seq++
			st := &events.Stored{Record: events.Record{ID: events.NewEventID(at), Session: id, JID: full, Time: at.UnixNano(), Connector: events.Incarnation{Name: "c1", Epoch: 1}, Event: e}}
			if _, ok := e.(events.Authenticated); ok {
				st.JID = full.Bare()
			} else {
				st.Prev = seq - 1
			}
			st.Stream, st.Seq, st.At = "RC_EV", seq, at.UnixNano()
			w.table.Fold(st)
		}
	}
}

// processorTime is what the process has used so far, in user and system mode.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
