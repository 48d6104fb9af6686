package stats

import (
	"context"
	"errors"
	"iter"
	"math"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

const (
	// DayStep is by what a Day counts.
	DayStep = 10 * time.Second
	// daySteps is how many steps it keeps: those of 24 hours, and the one at hand.
	daySteps = int64(24*time.Hour/DayStep) + 1
	// maxReasons is how many reasons are counted apart; there are a dozen.
	maxReasons = 16
)

// A Day has the logins and the ends of the last 24 hours, by steps of 10 s. It counts them as
// the table is folded, so that whoever asks every second costs nothing, and reads what was
// before only once somebody has asked. It holds less than 1 MiB. It is safe for concurrent use.
type Day struct {
	table *projector.Table

	mu      sync.Mutex
	begun   bool
	from    events.Seq    // records after it are counted as they come
	since   int64         // from which on all are counted; Unix nanoseconds
	failing int64         // likewise, of logins that failed
	oldest  int64         // from when on they are to be counted
	whole   bool          // all are
	counted chan struct{} // closed then
	steps   [daySteps]dayStep
	reasons []events.Reason // that ends are counted by, in the order of a step's ends
}

// A dayStep counts what happened in one step.
type dayStep struct {
	number            int64 // of the step since 1970; another one's counts are old
	succeeded, failed uint32
	ends              [maxReasons]uint32
}

// NewDay returns the one that is kept along with a table. Observe is to be told of the
// records folded into that.
func NewDay(table *projector.Table) *Day { return &Day{table: table, counted: make(chan struct{})} }

// Observe counts a record, as projector.Config.Observe has it.
func (d *Day) Observe(before, after *session.Account, st *events.Stored) {
	switch st.Event.(type) {
	case events.Authenticated, events.Closed, events.Bound, events.Refreshed:
	default:
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.begun || st.Seq <= d.from {
		return
	}
	if _, ok := st.Event.(events.Authenticated); ok {
		d.step(st.At).succeeded++
		return
	}
	if gone, end := replay.Endings(before, after, st); len(gone) > 0 {
		d.end(st.At, end.Reason, len(gone))
	}
}

// step is that of an instant, emptied if it was another one's. One that is older than a day
// is nobody's.
func (d *Day) step(at int64) *dayStep {
	n := at / int64(DayStep)
	s := &d.steps[n%daySteps]
	switch {
	case s.number > n:
		return new(dayStep)
	case s.number < n:
		*s = dayStep{number: n}
	}
	return s
}

// end counts ends. Reasons that are too many count as the last one.
func (d *Day) end(at int64, reason events.Reason, n int) {
	i := 0
	for i < len(d.reasons) && d.reasons[i] != reason {
		i++
	}
	if i == len(d.reasons) && i < maxReasons {
		d.reasons = append(d.reasons, reason)
	}
	d.step(at).ends[min(i, maxReasons-1)] += uint32(n)
}

// A DayPre has the logins that failed, those that were and those to come; bus.Pre does.
type DayPre interface {
	Follow(context.Context, events.Range) iter.Seq2[*events.Stored, error]
	Info(context.Context) (events.Info, error)
}

// Run counts until ctx ends: what was before, the last hour first, what comes, and the logins
// that fail. The table must have caught up. With an error, which says that what was before
// can't be read, all is forgotten, and Run may be called again.
func (d *Day) Run(ctx context.Context, archive replay.Archive, pre DayPre) error {
	info, err := archive.Info(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	d.begin(info.Now)
	var work sync.WaitGroup
	work.Go(func() { d.follow(ctx, pre, info.Now) })
	if err = d.fill(ctx, archive, info.Now); err != nil {
		cancel()
	}
	work.Wait()
	cancel()
	d.forget()
	return err
}

func (d *Day) begin(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// The records that the table has are read, and those that it gets are told to Observe
	// after it has them.
	d.begun, d.from = true, d.table.Position().Seq
	d.since, d.failing = now.UnixNano(), now.UnixNano()
	d.oldest = now.Add(-24 * time.Hour).Truncate(DayStep).UnixNano()
}

func (d *Day) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun, d.reasons, d.steps = false, nil, [daySteps]dayStep{}
	if d.whole {
		d.whole, d.counted = false, make(chan struct{})
	}
}

// Counted is closed once the whole day is counted.
func (d *Day) Counted() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counted
}

// reached notes from when on logins and ends, and logins that failed, are counted.
func (d *Day) reached(since, failing int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.since, d.failing = min(d.since, since), min(d.failing, failing)
	if d.begun && !d.whole && max(d.since, d.failing) <= d.oldest {
		d.whole = true
		close(d.counted)
	}
}

// fill reads what was before, and adds it.
func (d *Day) fill(ctx context.Context, archive replay.Archive, now time.Time) error {
	until := now
	for _, back := range []time.Duration{time.Hour, 24 * time.Hour} {
		since := now.Add(-back).Truncate(DayStep)
		q := Query{Since: since, Until: until, Step: DayStep, Figures: []string{"logins", "ends"}, To: d.from}
		if until == now {
			q.Until = time.Time{} // the log's clock may be ahead of this one
		}
		a, err := Read(ctx, archive, nil, q)
		switch {
		case errors.Is(err, replay.ErrFuture): // the log began later
		case err != nil:
			return err
		default:
			d.add(a)
		}
		d.reached(since.UnixNano(), math.MaxInt64)
		until = since
	}
	return nil
}

// add adds the figures of a span.
func (d *Day) add(a *Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range a.Logins {
		d.step(l.At.UnixNano()).succeeded += uint32(l.Succeeded)
	}
	for _, e := range a.Ends {
		d.end(e.At.UnixNano(), e.Reason, e.Sessions)
	}
}

// follow counts the logins that failed, and those to come.
func (d *Day) follow(ctx context.Context, pre DayPre, now time.Time) {
	since := now.Add(-24 * time.Hour).Truncate(DayStep)
	info, err := pre.Info(ctx)
	if err == nil && info.LastAt.Before(since) {
		d.reached(math.MaxInt64, since.UnixNano())
	}
	for st, err := range pre.Follow(ctx, events.Range{Since: since}) {
		if err != nil {
			continue // one that can't be decoded, or an interruption after which it goes on
		}
		if _, failed := st.Event.(events.AuthFailed); failed {
			d.mu.Lock()
			d.step(st.At).failed++
			d.mu.Unlock()
		}
		if st.Seq >= info.Last {
			d.reached(math.MaxInt64, since.UnixNano())
		}
	}
}

// A DayCount is what has happened in some time.
type DayCount struct {
	At        time.Time             `json:"at"` // when that time began
	Succeeded int                   `json:"succeeded"`
	Failed    int                   `json:"failed"`
	Ends      map[events.Reason]int `json:"ends"`
}

// Known is since when logins and ends are counted, and since when logins that failed are:
// 24 hours ago, or later while what was before is being read. Both are zero before Run.
func (d *Day) Known(now time.Time) (since, failing time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.begun {
		return since, failing
	}
	oldest := now.Add(-24 * time.Hour).Truncate(DayStep).UnixNano()
	return instant(max(d.since, oldest)), instant(max(d.failing, oldest))
}

// Count counts what has happened in the last so many steps that are over, and in the one at
// hand: of a minute, that of 60 to 70 s.
func (d *Day) Count(now time.Time, last time.Duration) DayCount {
	return d.Counts(now, last, last+DayStep)[0]
}

// Counts counts by steps of so many of the Day's, the oldest first. They begin at multiples of
// step, or are one that has all.
func (d *Day) Counts(now time.Time, last, step time.Duration) (list []DayCount) {
	d.mu.Lock()
	defer d.mu.Unlock()
	newest := now.UnixNano() / int64(DayStep)
	oldest, size := newest-int64(last/DayStep), int64(step/DayStep)
	for n := oldest; n <= newest; n++ {
		if n == oldest || n%size == 0 && step <= last {
			list = append(list, DayCount{At: instant(n * int64(DayStep)), Ends: map[events.Reason]int{}})
		}
		s, c := &d.steps[n%daySteps], &list[len(list)-1]
		if s.number != n {
			continue
		}
		c.Succeeded += int(s.succeeded)
		c.Failed += int(s.failed)
		for i, reason := range d.reasons {
			if s.ends[i] > 0 {
				c.Ends[reason] += int(s.ends[i])
			}
		}
	}
	return list
}
