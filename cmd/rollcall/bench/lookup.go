package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
)

// lookups is how many lookups one measurement makes, and chunk how many of them are
// timed at once: few enough that most chunks are not interrupted.
const (
	lookups = 2_000_000
	chunk   = 500
)

// runLookup measures the two questions that routing asks, with the table at
// rest and while it is folded into as fast as it goes.
func (b *Bench) runLookup(context.Context) error {
	for _, n := range b.Sessions {
		if err := b.lookupAmong(n); err != nil {
			return err
		}
	}
	return nil
}

// lookupAmong measures them in a table of so many sessions. The time is the median of
// all chunks, and that of the best of twenty, which others on the machine disturb less.
func (b *Bench) lookupAmong(n int) error {
	f := newFold(n)
	f.online()
	asked := f.recipients()
	questions := []struct {
		name string
		ask  func(full events.JID) bool
	}{
		{"routes of an account", func(j events.JID) bool { return len(f.table.Routes(j.Bare())) > 0 }},
		{"session of a full JID", func(j events.JID) bool { return f.table.Session(j) != nil }},
	}
	for _, q := range questions {
		name := fmt.Sprintf("%s of %d", q.name, n)
		ns, best, allocs := measureLookups(asked, q.ask)
		if err := b.Row(name, fmt.Sprintf("%.0f ns, p5 %.0f", ns, best), "", fmt.Sprintf("%.2f allocs", allocs)); err != nil {
			return err
		}
		busy, folded := f.whileFolding(func() float64 {
			ns, _, _ := measureLookups(asked, q.ask)
			return ns
		})
		err := b.Row(name+", while folding", fmt.Sprintf("%.0f ns", busy), "", fmt.Sprintf("%s folded", perSecond(folded)))
		if err != nil {
			return err
		}
	}
	return b.waitsAmong(n, asked)
}

// waitsAmong measures what two waits for memory cost, one after the other, beside a
// table of so many sessions and with its extent.
func (b *Bench) waitsAmong(n int, asked []events.JID) error {
	w := newWaits(n)
	ns, best, _ := measureLookups(asked, func(events.JID) bool { return w.step() >= 0 })
	return b.Row(fmt.Sprintf("two dependent waits of %d", n), "", fmt.Sprintf("%.0f ns, p5 %.0f", ns, best), "")
}

// recipients are the sessions' full JIDs in random order, one behind the other
// in memory: whoever routes a stanza has just read the recipient from it.
func (f *tableFold) recipients() []events.JID {
	var text strings.Builder
	var ends []int
	for _, i := range rand.Perm(len(f.list)) {
		text.WriteString(f.list[i].full.String())
		ends = append(ends, text.Len())
	}
	list, begin := make([]events.JID, 0, len(ends)), 0
	for _, end := range ends {
		list = append(list, events.StoredJID(text.String()[begin:end]))
		begin = end
	}
	return list
}

func measureLookups(asked []events.JID, ask func(events.JID) bool) (ns, best, allocs float64) {
	var before, after runtime.MemStats
	took := make([]float64, 0, lookups/chunk)
	runtime.ReadMemStats(&before)
	for i := 0; i < lookups; i += chunk {
		begin := time.Now()
		for j := range chunk {
			ask(asked[(i+j)%len(asked)])
		}
		took = append(took, float64(time.Since(begin).Nanoseconds())/chunk)
	}
	runtime.ReadMemStats(&after)
	slices.Sort(took)
	return median(took), took[len(took)/20], float64(after.Mallocs-before.Mallocs) / lookups
}

// A tableFold folds records that were never in a log.
type tableFold struct {
	table *projector.Table
	list  []*looper
	seq   events.Seq
}

func newFold(n int) *tableFold {
	return &tableFold{table: projector.NewTable(), list: loopers(n)}
}

// step folds the next record of a session, by way of its encoding.
func (f *tableFold) step(s *looper, buf []byte) error {
	f.seq++
	st := events.Stored{Stream: "BENCH", Seq: f.seq, At: int64(f.seq)}
	if err := st.Decode(s.next(time.Now()).Append(buf)); err != nil {
		return err
	}
	f.table.Fold(&st)
	s.stored(f.seq)
	return nil
}

// online brings every session to where it is available.
func (f *tableFold) online() {
	for _, s := range f.list {
		for s.at != len(life)-1 {
			if err := f.step(s, nil); err != nil {
				panic(err) // our own encoding
			}
		}
	}
}

// whileFolding folds presence changes until measure returns, and says how many
// a second.
func (f *tableFold) whileFolding(measure func() float64) (result, rate float64) {
	var stop atomic.Bool
	done := make(chan int)
	go func() {
		n := 0
		for ; !stop.Load(); n++ {
			s := f.list[n%len(f.list)]
			s.at = len(life) - 2 // available again
			if err := f.step(s, nil); err != nil {
				panic(err)
			}
		}
		done <- n
	}()
	begin := time.Now()
	result = measure()
	stop.Store(true)
	n := <-done
	return result, float64(n) / time.Since(begin).Seconds()
}
