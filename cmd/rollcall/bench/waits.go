package bench

import "math/rand/v2"

// waits are memory of the extent that a table of sessions has: lines of the
// processor's cache that lead to allocations of an account's size, in random order. To
// go a step is to wait for memory twice, one wait after the other, and for nothing
// besides. A lookup that takes two may cost less: the processor begins the next one
// before it has ended, which no step allows.
type waits struct {
	lines [][8]*place
	at    int
}

// perLine is how many accounts a line of the table's index has on average.
const perLine = 4

// A place is as large as an account with one session.
type place struct {
	next int
	_    [184]byte
}

func newWaits(n int) *waits {
	w := &waits{lines: make([][8]*place, (n+perLine-1)/perLine)}
	order := rand.Perm(n)
	next := make([]int, n)
	for i, at := range order {
		next[at] = order[(i+1)%n]
	}
	for i := range n {
		w.lines[i/perLine][i%perLine] = &place{next: next[i]}
	}
	return w
}

// step goes to the next place, which nothing but this one tells: so no step begins
// before the one before it has ended. The steps come by every place before they come
// by one again.
func (w *waits) step() int {
	w.at = w.lines[w.at/perLine][w.at%perLine].next
	return w.at
}
