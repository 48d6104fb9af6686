package bus

import "sync"

// The records that a tail requests are under way until this process has read them off the
// connection, and with a busy processor that takes its time. So the tails that share a
// connection share the bytes that may be under way: each requests the less, the more there
// are. None ever waits for another, for each may have a little under way whatever the others
// have.

// All that is under way to the tails of a connection, the total and twice the least of each,
// stays below the 64 MiB for which a server closes it.
var (
	// followShares are for those that follow, some fifteen in a process.
	followShares = shares{total: 24 << 20, least: 1 << 20, most: 8 << 20}
	// readShares are for reads of stored records, of which the API lets in 456 at a time.
	readShares = shares{total: 24 << 20, least: 32 << 10, most: 2 << 20}
)

// Shares say how a budget is shared.
type shares struct {
	total       int // bytes under way, at most, unless that is less than each tail's least
	least, most int // bytes of a request, of which each tail has two under way
}

// A budget is shared by the tails of a connection.
type budget struct {
	shares

	mu    sync.Mutex
	tails int // guarded; that have requested something
	held  int // guarded; bytes that they may have under way
}

// next is how many bytes a tail may request now. held is what it has of the budget, 0 at
// first.
func (g *budget) next(held *int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if *held == 0 {
		g.tails++
	}
	others := g.held - *held
	size := max(g.least, min(g.most, g.total/(2*g.tails), (g.total-others)/2))
	*held = 2 * size
	g.held = others + *held
	return size
}

// leave gives back what a tail has of the budget.
func (g *budget) leave(held *int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if *held > 0 {
		g.tails--
		g.held -= *held
		*held = 0
	}
}
