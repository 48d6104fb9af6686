package capacity

import (
	"context"
	"time"
)

// samples is into how many spans of time the log is divided, to know when how much of
// it will be too old.
const samples = 24

// A growth is how a log becomes smaller by its age: steps in the order of time,
// between which its size is taken to change evenly.
type growth struct {
	size  float64 // of the log now, in bytes
	steps []step
	age   time.Duration // after which even what is written now goes; 0: never
}

// A step is a time from now, and how many of the bytes that are there will have gone
// by then.
type step struct {
	in   time.Duration
	gone float64
}

// growth asks which part of the log is how old.
func (r *Report) growth(ctx context.Context, log Log) (growth, error) {
	g := growth{size: float64(r.Bytes), age: r.MaxAge}
	if r.MaxAge == 0 || r.Records == 0 {
		return g, nil
	}
	for i := range samples {
		at := r.FirstAt.Add(r.At.Sub(r.FirstAt) / samples * time.Duration(i))
		before, err := r.Before(ctx, log, at)
		if err != nil {
			return g, err
		}
		g.steps = append(g.steps, step{in: max(at.Add(r.MaxAge).Sub(r.At), 0), gone: float64(before) * r.mean()})
	}
	g.steps = append(g.steps, step{in: r.MaxAge, gone: g.size})
	return g, nil
}

// reaches is after how long the log has a size, if so many bytes a day are added;
// Never if it doesn't get there before the records that are added go, too.
func (g growth) reaches(size, perDay float64) time.Duration {
	if g.size >= size {
		return 0
	}
	at := func(s step) float64 { return g.size - s.gone + perDay*float64(s.in)/float64(day) }
	last := step{}
	for _, next := range g.steps {
		if from, to := at(last), at(next); to >= size {
			return last.in + time.Duration(float64(next.in-last.in)*(size-from)/(to-from))
		}
		last = next
	}
	if g.age > 0 || perDay <= 0 {
		return Never
	}
	in := (size - g.size) / perDay * float64(day)
	if in >= float64(Never) {
		return Never
	}
	return time.Duration(in)
}
