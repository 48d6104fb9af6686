package bench

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// A side is what one of the two compared did in each of its rounds.
type side struct {
	run   func(context.Context) (int, error)
	rates []float64 // operations a second
	cpu   []float64 // seconds of processor time an operation, of this whole process
}

func (s *side) round(ctx context.Context, counts bool) error {
	begin, used := time.Now(), cpuTime()
	n, err := s.run(ctx)
	if err == nil && counts {
		s.rates = append(s.rates, float64(n)/time.Since(begin).Seconds())
		s.cpu = append(s.cpu, (cpuTime()-used).Seconds()/float64(n))
	}
	return err
}

// compare runs both in turns and shows the medians of their operations a
// second, and how much processor time ours takes for the work that takes raw 1:
// on a machine that others use too that says more. The first round warms up and
// does not count.
func (b *Bench) compare(ctx context.Context, name string, ours, raw func(context.Context) (int, error)) error {
	o, r := side{run: ours}, side{run: raw}
	for i := range b.Rounds + 1 {
		for _, s := range []*side{&r, &o} {
			if err := s.round(ctx, i > 0); err != nil {
				return err
			}
		}
	}
	ourRate, rawRate := median(o.rates), median(r.rates)
	return b.Row(name, perSecond(ourRate), perSecond(rawRate),
		fmt.Sprintf("%.2f", ourRate/rawRate), fmt.Sprintf("%.2f", median(o.cpu)/median(r.cpu)))
}

// turn is what one of several did in its turns.
type turn struct {
	name string
	run  func() error
	took []time.Duration
	cpu  []time.Duration // of the processors, by this whole process
}

// takeTurns runs all of them, one after the other, as often as asked for.
func takeTurns(rounds int, all ...*turn) error {
	for range rounds {
		for _, t := range all {
			begun, used := time.Now(), cpuTime()
			if err := t.run(); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			t.took = append(t.took, time.Since(begun))
			t.cpu = append(t.cpu, cpuTime()-used)
		}
	}
	return nil
}

// versus is the row of two that took turns: how long each took, how many times as
// fast as the other the first was, and how much processor time it took for the work
// that takes the other 1.
func (b *Bench) versus(what string, ours, other *turn) error {
	o, r := middle(ours.took), middle(other.took)
	cpu := ""
	if len(ours.cpu) > 0 {
		cpu = fmt.Sprintf("%.2f", middle(ours.cpu).Seconds()/middle(other.cpu).Seconds())
	}
	return b.Row(what, inMS(o), inMS(r), fmt.Sprintf("%.2f", r.Seconds()/o.Seconds()), cpu)
}

// middle is the median.
func middle(took []time.Duration) time.Duration {
	return percentile(slices.Sorted(slices.Values(took)), 0.5)
}

// cpuTime is what this process has used of the processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if len(v)%2 == 0 {
		return (v[len(v)/2-1] + v[len(v)/2]) / 2
	}
	return v[len(v)/2]
}

// percentile of a sorted list; p is between 0 and 1.
func percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

func perSecond(rate float64) string { return fmt.Sprintf("%.0f/s", rate) }

func inMS(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }

func inMB(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
