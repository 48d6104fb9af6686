package stats

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Follow gives what failed since a time, and nothing more until ctx ends.
func (p pre) Follow(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for _, st := range p.w.failed {
			if st.At >= r.Since.UnixNano() && !yield(st, nil) {
				return
			}
		}
		<-ctx.Done()
	}
}

// Info implements DayPre.
func (p pre) Info(context.Context) (info events.Info, err error) {
	if n := len(p.w.failed); n > 0 {
		info.Last, info.LastAt = p.w.failed[n-1].Seq, time.Unix(0, p.w.failed[n-1].At)
	}
	return info, nil
}

// observing folds what is new in a log into a table, and tells a Day.
func (w *world) observing(table *projector.Table, d *Day) {
	w.t.Helper()
	for st, err := range w.Read(w.t.Context(), events.Range{After: table.Position().Seq}) {
		if err != nil {
			w.t.Fatal(err)
		}
		before, after := table.Fold(st)
		d.Observe(before, after, st)
	}
}

// someHours are logins, of which some end or fail, over so many hours.
func (w *world) someHours(n int) {
	for i := range 4 * n {
		id := w.login("alice@localhost", "phone", gajim)
		w.later(time.Minute)
		if i%3 == 0 {
			w.end("alice@localhost", id, events.ReasonTimeout)
		} // otherwise the next one replaces it
		w.fail("PLAIN")
		w.later(14*time.Minute - 3*time.Second)
	}
}

// counting runs a Day until it knows all, and then for as long as the test does.
func (w *world) counting(d *Day) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, replay.Archive{Log: w}, pre{w}) }()
	w.t.Cleanup(func() {
		cancel()
		<-ended
	})
	select {
	case <-d.Counted():
	case <-time.After(30 * time.Second):
		w.t.Fatal("it does not come to know what was before")
	}
	oldest := w.now.Add(-24 * time.Hour).Truncate(DayStep)
	if since, failing := d.Known(w.now); !since.Equal(oldest) || !failing.Equal(oldest) {
		w.t.Fatalf("it has counted all since %s, failures since %s, not since %s", since, failing, oldest)
	}
}

// The counts of a Day, from before it began and since, are those that the log
// gives.
func TestADayHasWhatTheLogGives(t *testing.T) {
	t.Parallel()
	w, table := newWorld(t), projector.NewTable()
	d := NewDay(table)
	w.someHours(30)
	w.observing(table, d) // nobody has asked yet
	if since, _ := d.Known(w.now); !since.IsZero() {
		t.Errorf("all is known since %s, and nobody asked", since)
	}
	w.counting(d)
	for range 3 {
		for _, step := range []time.Duration{10 * time.Minute, time.Hour} {
			oldest := w.now.Add(-24 * time.Hour).Truncate(DayStep)
			a := w.read(Query{Since: oldest, Step: step, Figures: []string{"logins", "ends"}})
			want := map[time.Time]DayCount{}
			for _, l := range a.Logins {
				c := want[l.At]
				c.Succeeded, c.Failed = c.Succeeded+l.Succeeded, c.Failed+l.Failed
				want[l.At] = c
			}
			for _, e := range a.Ends {
				c := want[e.At]
				if c.Ends == nil {
					c.Ends = map[events.Reason]int{}
				}
				c.Ends[e.Reason] += e.Sessions
				want[e.At] = c
			}
			for _, c := range d.Counts(w.now, 24*time.Hour, step) {
				counted := want[c.At]
				if counted.At = c.At; counted.Ends == nil {
					counted.Ends = map[events.Reason]int{}
				}
				same(t, c.At.String(), c, counted)
				delete(want, c.At)
			}
			if len(want) > 0 {
				t.Errorf("not counted: %v", want)
			}
		}
		w.someHours(2)
		w.observing(table, d)
		d.mu.Lock() // what failed since comes by another way
		for _, st := range w.failed[len(w.failed)-8:] {
			d.step(st.At).failed++
		}
		d.mu.Unlock()
	}
}

func TestADayCountsTheLastMinute(t *testing.T) {
	t.Parallel()
	w, table := newWorld(t), projector.NewTable()
	d := NewDay(table)
	w.later(25 * time.Hour)
	w.counting(d)
	id := w.login("alice@localhost", "phone", gajim)
	w.end("alice@localhost", id, events.ReasonKicked)
	w.observing(table, d)
	for _, step := range []struct {
		later time.Duration
		n     int
	}{{0, 1}, {50 * time.Second, 1}, {25 * time.Second, 0}} {
		w.later(step.later)
		if c := d.Count(w.now, time.Minute); c.Succeeded != step.n || c.Ends[events.ReasonKicked] != step.n {
			t.Errorf("at %s there are %+v", w.now, c)
		}
	}
	if c := d.Count(w.now, time.Hour); c.Succeeded != 1 {
		t.Errorf("in the last hour there are %+v", c)
	}
}

// unread is a log that can't be read.
type unread struct{ *world }

func (unread) Read(context.Context, events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) { yield(nil, events.ErrUnavailable) }
}

func TestADayThatCannotReadWhatWasBeforeBeginsAnew(t *testing.T) {
	t.Parallel()
	w, table := newWorld(t), projector.NewTable()
	d := NewDay(table)
	w.someHours(2)
	w.observing(table, d)
	if err := d.Run(t.Context(), replay.Archive{Log: unread{w}}, pre{w}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if since, _ := d.Known(w.now); !since.IsZero() {
		t.Errorf("all is known since %s", since)
	}
	select {
	case <-d.Counted():
		t.Error("it says that it has counted what it can't read")
	default:
	}
	w.counting(d)
	if c := d.Count(w.now, 24*time.Hour); c.Succeeded != 8 || c.Failed != 8 {
		t.Errorf("%+v", c)
	}
}

func TestObservingBeforeAnybodyAsksAllocatesNothing(t *testing.T) {
	d := NewDay(projector.NewTable())
	st := &events.Stored{Seq: 1, At: 1}
	st.Event = events.Closed{Reason: events.ReasonClient}
	var before, after *session.Account
	if n := testing.AllocsPerRun(100, func() { d.Observe(before, after, st) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
