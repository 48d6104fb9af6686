package bench

import "testing"

// The processor's caches must not have what a step waits for, so none may lead back
// early.
func TestWaitsComeByEveryPlaceOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, perLine, 1000, 1001} {
		w := newWaits(n)
		seen := make(map[int]bool)
		for range n {
			seen[w.step()] = true
		}
		if len(seen) != n {
			t.Errorf("%d steps came by %d places", n, len(seen))
		}
	}
}
