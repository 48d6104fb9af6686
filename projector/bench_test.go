package projector

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// crowd gives the encoded records that bring n sessions of n accounts online:
// four each, with presence as today's clients send it.
func crowd(n int, give func(seq events.Seq, data []byte)) {
	var b []byte
	connector := events.Incarnation{Name: "connector-1", Epoch: 1}
	for i := range n {
		bare := events.StoredJID(fmt.Sprintf("user%d@example.org", i))
		full := events.StoredJID(fmt.Sprintf("user%d@example.org/%s.%08x", i, "phone", i*2654435761))
		id := events.SessionID{0: 1, 12: byte(i >> 24), 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
		first := events.Seq(4*i + 1)
		for j, e := range []events.Event{
			events.Authenticated{Mechanism: "SCRAM-SHA-256", TLS: "TLS 1.3", Address: "192.0.2.7:50123"},
			events.Bound{Requested: "phone"},
			events.RosterRequested{},
			events.PresenceAvailable{Priority: 5, Stanza: presence[i%len(presence)]},
		} {
			r := events.Record{ID: events.EventID(id), Session: id, JID: full, Time: 1, Connector: connector, Event: e}
			if j == 0 {
				r.JID = bare
			} else {
				r.Prev = first + events.Seq(j) - 1
			}
			b = r.Append(b[:0])
			give(first+events.Seq(j), b)
		}
	}
}

// presence is that of three clients; what differs among the users of one is
// only who they are.
var presence = [...]string{
	`<presence><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://one.example' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>`,
	`<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://two.example' ver='bGluZSBvZiB0ZXh0IG51bWJlcg=='/><priority>5</priority></presence>`,
	`<presence><priority>5</priority></presence>`,
}

// fold is a table of n sessions. Every record comes in a buffer of its own, as
// from the network.
func fold(n int) *Table {
	t := NewTable()
	var st events.Stored
	crowd(n, func(seq events.Seq, data []byte) {
		if err := st.Decode(append([]byte(nil), data...)); err != nil {
			panic(err)
		}
		st.Stream, st.Seq, st.At = testStream, seq, int64(seq)
		t.Fold(&st)
	})
	return t
}

func sizes(b *testing.B, run func(b *testing.B, n int)) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("sessions=%d", n), func(b *testing.B) { run(b, n) })
	}
}

// BenchmarkFold is one record, decoded and folded, while the table grows.
func BenchmarkFold(b *testing.B) {
	records := make([][]byte, 0, 400_000)
	crowd(cap(records)/4, func(_ events.Seq, data []byte) { records = append(records, append([]byte(nil), data...)) })
	b.ReportAllocs()
	var t *Table
	var st events.Stored
	for i := 0; b.Loop(); i++ {
		if i%len(records) == 0 {
			t = NewTable()
		}
		if err := st.Decode(records[i%len(records)]); err != nil {
			b.Fatal(err)
		}
		st.Seq = events.Seq(i%len(records) + 1)
		t.Fold(&st)
	}
}

// BenchmarkMemory is what a live session costs, its account and index included.
func BenchmarkMemory(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		for b.Loop() {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			t := fold(n)
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/session")
			runtime.KeepAlive(t)
		}
	})
}

// BenchmarkRoutes and BenchmarkSession look random accounts up, so that the
// processor's caches help no more than they would.
func BenchmarkRoutes(b *testing.B) {
	lookups(b, func(t *Table, full events.JID) bool { return len(t.Routes(full.Bare())) == 1 })
}

func BenchmarkSession(b *testing.B) {
	lookups(b, func(t *Table, full events.JID) bool { return t.Session(full) != nil })
}

func lookups(b *testing.B, look func(*Table, events.JID) bool) {
	sizes(b, func(b *testing.B, n int) {
		t := fold(n)
		wanted := someJIDs(t, n)
		b.Run("fold=still", func(b *testing.B) {
			b.ReportAllocs() // of the lookups; while the fold runs they would be its own
			lookupAll(b, t, wanted, look)
		})
		b.Run("fold=running", func(b *testing.B) {
			stop := keepFolding(t, wanted)
			lookupAll(b, t, wanted, look)
			b.ReportMetric(stop(), "folds/s")
		})
	})
}

// someJIDs picks full JIDs at random, with text of their own, as a parser makes.
func someJIDs(t *Table, n int) []events.JID {
	wanted := make([]events.JID, 1<<14)
	for i := range wanted {
		bare := events.StoredJID(fmt.Sprintf("user%d@example.org", rand.IntN(n)))
		wanted[i] = t.Account(bare).Sessions()[0].JID().Clone()
	}
	return wanted
}

func lookupAll(b *testing.B, t *Table, wanted []events.JID, look func(*Table, events.JID) bool) {
	for i := 0; b.Loop(); i++ {
		if !look(t, wanted[i%len(wanted)]) {
			b.Fatal("not found")
		}
	}
}

// keepFolding changes the presence of the wanted until it is stopped; that
// tells how many times a second it did.
func keepFolding(t *Table, wanted []events.JID) (stop func() float64) {
	var end atomic.Bool
	begun, done := time.Now(), make(chan int)
	go func() {
		n := 0
		st := events.Stored{At: 1}
		for ; !end.Load(); n++ {
			s := t.Account(wanted[n%len(wanted)]).Sessions()[0]
			st.Record = events.Record{
				Session: s.ID, JID: s.JID(), Connector: s.Connector(),
				Event: events.PresenceAvailable{Priority: int8(n % 3), Stanza: presence[n%3]},
			}
			st.Prev, st.Seq = t.Account(s.JID()).Seq, t.Position().Seq+1
			t.Fold(&st)
		}
		done <- n
	}()
	return func() float64 {
		end.Store(true)
		return float64(<-done) / time.Since(begun).Seconds()
	}
}

// BenchmarkHash is a hash of the whole table, which the fold does not wait for.
func BenchmarkHash(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		t := fold(n)
		for b.Loop() {
			t.Hash()
		}
	})
}
