package capacity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

const (
	day = 24 * time.Hour
	// leastSpan is the shortest time from which a rate is told, and leastTrend that
	// from which it is taken to go on.
	leastSpan  = time.Minute
	leastTrend = time.Hour
	// soon is how much time an operator needs.
	soon = 2 * day
)

// The shares of the room for logins at which an operator is warned.
const (
	warningAt  = 0.75
	criticalAt = 0.90
)

// Never is the time until a log is full that does not fill.
const Never = time.Duration(1<<63 - 1)

// A Log answers what Look asks. That of package bus does.
type Log interface {
	Info(ctx context.Context) (events.Info, error)
	// FirstSince returns the place and the time of the first record that was stored
	// at or after t, or events.ErrNotFound.
	FirstSince(ctx context.Context, t time.Time) (events.Seq, time.Time, error)
}

// A Level says how much trouble there is.
type Level int

// The levels, each worse than the one before.
const (
	Fine     Level = iota
	Warning        // three quarters of Room are used
	Critical       // nine tenths are, or it is full in less than two days
	Full           // nobody can log in
)

// String is the level as scripts read it.
func (l Level) String() string { return [...]string{"fine", "warning", "critical", "full"}[l] }

// A Rate is what was written over some time, for a day.
type Rate struct {
	Over   time.Duration // that it was measured over; 0: the log is too young to tell
	Events float64       // a day
	Bytes  float64       // a day
}

// A Report is a log as it was at one moment.
type Report struct {
	events.Info
	At       time.Time
	Sessions int    // that were live; below 0: nobody knows
	Mark     uint64 // size in bytes at which logins are refused; 0: the log has no limit
	Disk     *Disk  // nil: nobody knows
	Day      Rate   // of the last day
	Hour     Rate   // of the last hour
	// FullIn is the time until nobody can log in any longer, because of the log's limit or
	// of its disk: 0 if nobody can, Never if it won't come to that, or nobody can tell.
	FullIn time.Duration
	// ByHour tells that FullIn goes by the last hour, because the log would be full
	// within a day if it went on as in that.
	ByHour bool
}

// Look asks how full the log is. sessions is how many are live now, for whose ends it
// has room; below 0 if nobody knows.
func Look(ctx context.Context, log Log, sessions int, now time.Time) (*Report, error) {
	r, err := begin(ctx, log, sessions, now)
	if err != nil || !r.mayFill() {
		return r, err
	}
	return r, r.forecast(ctx, log)
}

// Glance is Look for whoever wants to know the Level only, and often: where there is
// time enough even if no records went, it does not ask which go when, and FullIn is
// that time. It asks two questions then; each makes the server read a block of the
// log, of 8 MiB at most.
func Glance(ctx context.Context, log Log, sessions int, now time.Time) (*Report, error) {
	r, err := begin(ctx, log, sessions, now)
	if err != nil || !r.mayFill() {
		return r, err
	}
	if r.reach(growth{size: float64(r.Bytes)}); r.FullIn >= soon {
		return r, nil
	}
	return r, r.forecast(ctx, log)
}

// begin is what both ask for.
func begin(ctx context.Context, log Log, sessions int, now time.Time) (*Report, error) {
	info, err := log.Info(ctx)
	if err != nil {
		return nil, err
	}
	r := &Report{Info: info, At: now, Sessions: sessions, FullIn: Never, Disk: diskOf(ctx, log)}
	if info.MaxBytes > 0 {
		r.Mark = info.MaxBytes - session.Reserve(info.MaxBytes, sessions)
	}
	if r.Day, err = r.rate(ctx, log, day); err != nil {
		return nil, err
	}
	r.Hour, err = r.rate(ctx, log, time.Hour)
	return r, err
}

// mayFill reports whether the log would be full if it went on as it does and nothing
// went, by the time that what is written now goes. If not, it never is, and how old
// its parts are need not be asked: for each answer the server reads a block of the log
// into memory.
func (r *Report) mayFill() bool {
	if r.room() == 0 {
		return false
	}
	perDay := max(r.Day.trend(), r.Hour.trend())
	return r.MaxAge == 0 || float64(r.Bytes)+perDay*float64(r.MaxAge)/float64(day) >= r.room()
}

// forecast tells when the log is full if it goes on as it did and old records go.
func (r *Report) forecast(ctx context.Context, log Log) error {
	g, err := r.growth(ctx, log)
	if err == nil {
		r.reach(g)
	}
	return err
}

func (r *Report) reach(g growth) {
	r.FullIn, r.ByHour = g.reaches(r.room(), r.Day.trend()), false
	if hot := g.reaches(r.room(), r.Hour.trend()); hot < min(r.FullIn, day) {
		r.FullIn, r.ByHour = hot, hot > 0
	}
}

// Used is the share of Room that is used; 0 without a limit.
func (r *Report) Used() float64 {
	if r.room() == 0 {
		return 0
	}
	return float64(r.Bytes) / r.room()
}

// Level says how much trouble there is.
func (r *Report) Level() Level {
	switch used := r.Used(); {
	case used >= 1:
		return Full
	case used >= criticalAt, r.FullIn < soon:
		return Critical
	case used >= warningAt:
		return Warning
	}
	return Fine
}

// trend is how many bytes a day are expected.
func (r Rate) trend() float64 {
	if r.Over < leastTrend {
		return 0
	}
	return r.Bytes
}

// Before is how many records were stored before t.
func (r *Report) Before(ctx context.Context, log Log, t time.Time) (uint64, error) {
	if r.Records == 0 {
		return 0, nil
	}
	seq, _, err := log.FirstSince(ctx, t)
	switch {
	case errors.Is(err, events.ErrNotFound):
		return r.Records, nil
	case err != nil:
		return 0, fmt.Errorf("look for the records of %s: %w", t.Format(time.RFC3339), err)
	}
	return min(uint64(max(seq, r.First)-r.First), r.Records), nil
}

// rate is what was written in the last span of time, or in as much of it as is known.
func (r *Report) rate(ctx context.Context, log Log, span time.Duration) (Rate, error) {
	span = min(span, r.At.Sub(r.Created))
	if r.MaxAge > 0 {
		span = min(span, r.MaxAge)
	}
	if span < leastSpan || r.Records == 0 {
		return Rate{}, nil
	}
	before, err := r.Before(ctx, log, r.At.Add(-span))
	if err != nil {
		return Rate{}, err
	}
	perDay := float64(r.Records-before) * float64(day) / float64(span)
	return Rate{Over: span, Events: perDay, Bytes: perDay * r.mean()}, nil
}

// mean is the size of a record.
func (r *Report) mean() float64 { return float64(r.Bytes) / float64(max(r.Records, 1)) }
