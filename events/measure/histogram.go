package measure

import (
	"sync/atomic"
	"time"
)

// A Histogram counts durations by the buckets that they fall into, as Prometheus
// has them. It is safe for concurrent use.
type Histogram struct {
	bounds []time.Duration
	counts []atomic.Uint64 // one more than bounds
	sum    atomic.Uint64   // microseconds: enough for millions of sessions of a week
}

// NewHistogram returns one with the upper bounds of its buckets, which rise.
// Durations above the last one are counted too.
func NewHistogram(bounds ...time.Duration) *Histogram {
	return &Histogram{bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}
}

// Observe counts a duration. One below zero, which clocks that differ may give,
// counts as zero.
func (h *Histogram) Observe(d time.Duration) {
	d = max(d, 0)
	i := 0
	for i < len(h.bounds) && d > h.bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(uint64(d / time.Microsecond))
}

// A Reading is what a Histogram has counted up to a moment. A duration that is
// counted during the reading may be in one of its figures and not yet in another.
type Reading struct {
	Count   uint64
	Sum     float64            // seconds, each duration cut to microseconds
	Buckets map[float64]uint64 // by upper bound in seconds: those that are no longer
}

// Read returns what was counted so far.
func (h *Histogram) Read() Reading {
	r := Reading{Sum: float64(h.sum.Load()) / 1e6, Buckets: make(map[float64]uint64, len(h.bounds))}
	for i := range h.counts {
		r.Count += h.counts[i].Load()
		if i < len(h.bounds) {
			r.Buckets[h.bounds[i].Seconds()] = r.Count
		}
	}
	return r
}
