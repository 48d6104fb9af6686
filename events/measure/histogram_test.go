package measure

import (
	"maps"
	"sync"
	"testing"
	"time"
)

func TestHistogramCountsEachDurationInTheBucketsThatReachIt(t *testing.T) {
	t.Parallel()
	h := NewHistogram(time.Millisecond, time.Second)
	for _, d := range []time.Duration{-time.Second, time.Millisecond, time.Millisecond + 1, time.Minute} {
		h.Observe(d)
	}
	r := h.Read()
	if want := map[float64]uint64{0.001: 2, 1: 3}; r.Count != 4 || !maps.Equal(r.Buckets, want) {
		t.Errorf("%d in all, %v", r.Count, r.Buckets)
	}
	if want := 60.002; r.Sum != want {
		t.Errorf("sum %v, want %v", r.Sum, want)
	}
}

func TestHistogramLosesNothingWhenManyCount(t *testing.T) {
	t.Parallel()
	h := NewHistogram(time.Second)
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			for range 1000 {
				h.Observe(time.Millisecond)
			}
		})
	}
	g.Wait()
	if r := h.Read(); r.Count != 8000 || r.Sum != 8 {
		t.Errorf("%d, %v s", r.Count, r.Sum)
	}
}

func TestHistogramAllocatesNothing(t *testing.T) {
	h := NewHistogram(time.Second)
	if n := testing.AllocsPerRun(100, func() { h.Observe(time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
