package export

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// BenchmarkExport writes sessions of some thousand accounts, in memory until then, into
// files. A second has as many sessions as an iteration has.
func BenchmarkExport(b *testing.B) {
	for _, datasets := range [][]string{{datasetEvents}, Datasets} {
		b.Run(fmt.Sprint(len(datasets), " datasets"), func(b *testing.B) {
			w := newWorld(b)
			for i := range 20_000 {
				account := fmt.Sprintf("u%d@example.org", i%5000)
				s := w.online(account, "phone")
				w.append(account+"/phone", s, events.Closed{Reason: events.ReasonClient})
				w.now = w.now.Add(-4*time.Second + time.Duration(i%3)*time.Millisecond)
			}
			w.later(2 * time.Hour)
			b.ReportAllocs()
			for b.Loop() {
				w.run(b.TempDir(), func(c *Config) { c.Datasets = datasets })
			}
			b.ReportMetric(float64(b.N)*float64(len(w.times))/b.Elapsed().Seconds(), "records/s")
		})
	}
}
