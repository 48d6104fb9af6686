package capacity_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

const day = 24 * time.Hour

// A writer fills a log, in virtual time, with records of one size.
type writer struct {
	t *testing.T
	*bustest.Log
	n int
}

// write writes so many records an hour for a time, and stops early when until says so.
func (w *writer) write(perHour int, span time.Duration, until func() bool) {
	w.t.Helper()
	if perHour == 0 {
		time.Sleep(span)
		return
	}
	for end := time.Now().Add(span); time.Now().Before(end) && !until(); w.n++ {
		time.Sleep(time.Hour / time.Duration(perHour))
		_, err := w.Append(context.Background(), &events.Record{
			JID: events.StoredJID(fmt.Sprintf("user%06d@localhost", w.n)), Event: events.AccountCreated{},
			ID: events.NewEventID(time.Now()), Time: 1 << 60,
		})
		if err != nil {
			w.t.Fatalf("record %d: %v", w.n, err)
		}
	}
}

func (w *writer) look() *capacity.Report {
	w.t.Helper()
	r, err := capacity.Look(context.Background(), w, 0, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func never() bool { return false }

// A phase is a time in which so much was written.
type phase struct {
	days    int
	perHour int
}

// The forecast is compared with the outcome when the log goes on as on its last day.
func TestTheForecastComesTrue(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limit  uint64
		age    time.Duration
		phases []phase
		fills  bool
	}{
		"kept for ever, it fills":                            {64 << 10, 0, []phase{{3, 4}}, true},
		"kept for ever, without news it doesn't":             {64 << 10, 0, []phase{{3, 4}, {2, 0}}, false},
		"as much goes as comes":                              {64 << 10, 4 * day, []phase{{6, 4}}, false},
		"young, and will be too large before the first goes": {32 << 10, 10 * day, []phase{{2, 4}}, true},
		"young, and the first goes in time":                  {48 << 10, 5 * day, []phase{{2, 4}}, false},
		"more comes than went":                               {40 << 10, 5 * day, []phase{{6, 1}, {1, 6}}, true},
		"old records go before what comes has filled it":     {56 << 10, 4 * day, []phase{{2, 7}, {1, 2}}, false},
		"young records stay until what comes has filled it":  {28 << 10, 8 * day, []phase{{4, 3}, {1, 2}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &writer{t: t, Log: bustest.NewLog()}
				w.Limit(tt.limit)
				w.Retain(tt.age)
				for _, p := range tt.phases {
					w.write(p.perHour, time.Duration(p.days)*day, never)
				}
				r := w.look()
				if g, err := capacity.Glance(context.Background(), w, 0, time.Now()); err != nil || g.Level() != r.Level() {
					t.Errorf("at a glance it is %s, and it is %s, %v", g.Level(), r.Level(), err)
				}
				begun := time.Now()
				full := false
				w.write(tt.phases[len(tt.phases)-1].perHour, 40*day, func() bool {
					info, err := w.Info(context.Background())
					full = info.Bytes >= r.Mark
					return full || err != nil
				})
				took := time.Since(begun)
				if full != tt.fills {
					t.Fatalf("it was to be full: %v, and after %s it is: %v", tt.fills, took, full)
				}
				if full && (r.FullIn < took*9/10-time.Hour || r.FullIn > took*11/10+time.Hour) || !full && r.FullIn != capacity.Never {
					t.Errorf("it is full: %v, after %s; the forecast was %s", full, took, r.FullIn)
				}
			})
		})
	}
}

func TestAGlanceAsksLittleOfALogWithTimeLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &writer{t: t, Log: bustest.NewLog()}
		log := &asked{Log: w}
		w.Limit(48 << 10)
		w.Retain(20 * day)
		w.write(2, 3*day, never)
		if r, err := capacity.Glance(context.Background(), log, 0, time.Now()); err != nil || log.since != 2 || r.FullIn < 2*day {
			t.Errorf("%d questions, %v", log.since, err)
		}
		w.write(15, day, never) // it would be full in less than two days, if nothing went
		r, err := capacity.Glance(context.Background(), log, 0, time.Now())
		if err != nil || log.since < 20 {
			t.Errorf("%d questions, %v", log.since, err)
		}
		if exact := w.look(); r.FullIn != exact.FullIn {
			t.Errorf("full in %s, and at a glance in %s", exact.FullIn, r.FullIn)
		}
	})
}

func TestLevels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &writer{t: t, Log: bustest.NewLog()}
		w.Limit(32 << 10)
		reach := func(share float64) func() bool {
			return func() bool { return w.look().Used() >= share }
		}
		for _, step := range []struct {
			share float64
			want  capacity.Level
		}{{0.10, capacity.Fine}, {0.75, capacity.Warning}, {0.90, capacity.Critical}, {1, capacity.Full}} {
			w.write(1, 100*day, reach(step.share-0.02))
			time.Sleep(2 * day) // the last day says nothing of the next ones
			if level := w.look().Level(); step.want > capacity.Fine && level != step.want-1 {
				t.Errorf("below %.2f it is %s", step.share, level)
			}
			w.write(1, 100*day, reach(step.share))
			time.Sleep(2 * day)
			r := w.look()
			if r.Level() != step.want {
				t.Errorf("at %.2f it is %s, want %s", r.Used(), r.Level(), step.want)
			}
		}
	})
}

func TestALogThatWillBeFullInLessThanTwoDaysIsCritical(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &writer{t: t, Log: bustest.NewLog()}
		w.Limit(48 << 10)
		w.write(10, day, never)
		r := w.look()
		if r.Used() > 0.7 || r.FullIn > 2*day || r.Level() != capacity.Critical || r.ByHour {
			t.Errorf("it is %s: %.2f used, full in %s", r.Level(), r.Used(), r.FullIn)
		}
	})
}

// Something that goes wild shows in an hour, not only when the day is over.
func TestTheLastHourCountsIfItWouldFillTheLogWithinADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &writer{t: t, Log: bustest.NewLog()}
		w.Limit(128 << 10)
		w.write(1, 10*day, never)
		if r := w.look(); r.Level() != capacity.Fine || r.ByHour {
			t.Errorf("before: %s", r.Level())
		}
		w.write(100, time.Hour, never)
		r := w.look()
		if !r.ByHour || r.FullIn > day || r.Level() != capacity.Critical {
			t.Errorf("it is %s, full in %s, by the last hour: %v", r.Level(), r.FullIn, r.ByHour)
		}
		if r.Hour.Events < 2300 || r.Hour.Events > 2500 || r.Day.Events > 150 {
			t.Errorf("the rates are %.0f and %.0f", r.Hour.Events, r.Day.Events)
		}
	})
}

func TestALogThatIsYoungHasNoTrendYet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &writer{t: t, Log: bustest.NewLog()}
		w.Limit(64 << 10)
		w.write(600, 30*time.Minute, never)
		r := w.look()
		if r.Day.Over != 30*time.Minute || r.Day.Events < 14000 || r.Day.Events > 15000 || r.FullIn != capacity.Never {
			t.Errorf("the rate is %+v, full in %s", r.Day, r.FullIn)
		}
	})
}

func TestALogWithoutALimitIsNeverFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &writer{t: t, Log: bustest.NewLog()}
		if r := w.look(); r.Level() != capacity.Fine || r.Used() != 0 || r.FullIn != capacity.Never {
			t.Errorf("empty, it is %s", r.Level())
		}
		w.write(100, day, never)
		if r := w.look(); r.Level() != capacity.Fine || r.FullIn != capacity.Never || r.Day.Events < 2399 {
			t.Errorf("it is %s", r.Level())
		}
	})
}

// An asked log counts the questions that make the server read.
type asked struct {
	capacity.Log
	since int
}

func (a *asked) FirstSince(ctx context.Context, t time.Time) (events.Seq, time.Time, error) {
	a.since++
	return a.Log.FirstSince(ctx, t)
}

func TestALogWithRoomForAllItsAgeIsAskedLittle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &writer{t: t, Log: bustest.NewLog()}
		w.Retain(5 * day)
		w.Limit(1 << 30)
		w.write(4, 3*day, never)
		log := &asked{Log: w}
		r, err := capacity.Look(context.Background(), log, 0, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if r.FullIn != capacity.Never || r.Day.Events == 0 {
			t.Errorf("the report: %+v", r)
		}
		if log.since > 2 {
			t.Errorf("%d questions for the rates of a day and an hour", log.since)
		}
	})
}
