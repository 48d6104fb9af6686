package load

import (
	"cmp"
	"slices"
	"time"
)

// A Figure is what several rounds of a scenario say about a server: the median
// of each value over the rounds. Fields that the scenario says nothing about
// are zero.
type Figure struct {
	Scenario, Server string
	Rounds           int
	Rate             float64       // operations a second
	P50, P99         time.Duration // of one operation
	CPU              time.Duration // of the server's processes for one operation
	Memory           float64       // bytes for one session
	Resident         float64       // bytes in all
}

// Summarize makes the figure of at least one round.
func Summarize(sc *Scenario, s *Server, rounds []*Round) Figure {
	f := Figure{Scenario: sc.Name, Server: s.Name, Rounds: len(rounds)}
	if sc.Name != "idle" && sc.Name != "latency" { // there the load sets the pace
		f.Rate = median(rounds, func(r *Round) float64 { return float64(r.Count) / r.Elapsed.Seconds() })
	}
	for _, r := range rounds {
		slices.Sort(r.Latencies)
	}
	f.P50 = median(rounds, func(r *Round) time.Duration { return percentile(r.Latencies, 0.5) })
	f.P99 = median(rounds, func(r *Round) time.Duration { return percentile(r.Latencies, 0.99) })
	f.CPU = median(rounds, func(r *Round) time.Duration { return r.CPU / time.Duration(max(r.Count, 1)) })
	f.Resident = median(rounds, func(r *Round) float64 { return float64(r.Resident) })
	f.Memory = median(rounds, func(r *Round) float64 { return float64(r.Memory) / float64(max(r.Count, 1)) })
	return f
}

// median of the figures that of gives; of two in the middle, the upper one.
func median[T cmp.Ordered](rounds []*Round, of func(*Round) T) T {
	var v []T
	for _, r := range rounds {
		v = append(v, of(r))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// percentile of a sorted list, zero of an empty one; p is between 0 and 1.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}
