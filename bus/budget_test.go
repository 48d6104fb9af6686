package bus

import "testing"

// Whoever comes late gets as much as the others, as soon as these have asked again, and has
// something before that.
func TestTailsShareWhatMayBeUnderWay(t *testing.T) {
	t.Parallel()
	g := budget{shares: shares{total: 1000, least: 10, most: 200}}
	held := make([]int, 10)
	if n := g.next(&held[0]); n != 200 {
		t.Errorf("one alone gets %d, want the most", n)
	}
	for i := range held {
		if n := g.next(&held[i]); n < 10 {
			t.Errorf("tail %d gets %d, less than the least", i, n)
		}
	}
	for range 2 {
		for i := range held {
			g.next(&held[i])
		}
	}
	for i, n := range held {
		if n != 100 {
			t.Errorf("tail %d has %d under way, want a tenth", i, n)
		}
	}
	for i := range held[1:] {
		g.leave(&held[1+i])
	}
	if n := g.next(&held[0]); n != 200 || g.held != 400 {
		t.Errorf("alone again it gets %d, and %d are held", n, g.held)
	}
}

func TestNoMoreIsUnderWayThanABudgetHas(t *testing.T) {
	t.Parallel()
	for _, s := range []shares{followShares, readShares} {
		g := budget{shares: s}
		held := make([]int, 456) // requests that the API answers at a time
		if s == followShares {
			held = held[:15]
		}
		for i := range held {
			g.next(&held[i])
			if most := s.total + 2*s.least*(i+1); g.held > most {
				t.Errorf("%d have %d bytes under way, of %d", i+1, g.held, most)
			}
		}
		if g.held > 56<<20 {
			t.Errorf("%d bytes are under way, and with some more the server ends the connection", g.held)
		}
	}
}
