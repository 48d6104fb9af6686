package commit

import "sync"

// A Group collects what waits for a sync, and does one for all. What is written has
// places, which grow: a sync serves all that was written up to a place before it began.
// It is safe for concurrent use.
type Group[T any] struct {
	sync func() error
	done func(T, error)

	mu      sync.Mutex
	waiting []T    // guarded; for the next sync
	next    uint64 // guarded; what that will serve, as far as is known
	running bool   // guarded; there is a goroutine that syncs
	joined  []T    // guarded; came while the sync ran that serves them
	now     uint64 // guarded; what that sync serves; 0: none runs
	lasting uint64 // guarded; what those served that succeeded
}

// NewGroup returns a group that calls sync, never twice at the same time, and then
// done, with what it returned, for each of those that waited.
func NewGroup[T any](sync func() error, done func(T, error)) *Group[T] {
	return &Group[T]{sync: sync, done: done}
}

// Add has v done after a sync that begins from now on, when everything up to a place has
// been written; 0 if nobody knows what has. It does not wait.
func (g *Group[T]) Add(v T, written uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(v, written)
}

func (g *Group[T]) add(v T, written uint64) {
	g.waiting = append(g.waiting, v)
	g.next = max(g.next, written)
	if !g.running {
		g.running = true
		go g.run() // ends after the sync that v waits for
	}
}

// Await has v done when everything up to a place lasts: at once if it does, after the
// sync that runs if that serves it, otherwise as Add does, with everything that has
// been written. It does not wait, and reports whether the sync will be one that begins
// from now on. Places must be those of one history: this is not for files that may be
// replaced.
func (g *Group[T]) Await(v T, place, written uint64) (begins bool) {
	g.mu.Lock()
	switch {
	case place <= g.lasting:
		g.mu.Unlock()
		g.done(v, nil)
		return false
	case place <= g.now:
		g.joined = append(g.joined, v)
	default:
		g.add(v, max(place, written))
		begins = true
	}
	g.mu.Unlock()
	return begins
}

// Lasting is the place up to which all is known to last.
func (g *Group[T]) Lasting() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lasting
}

// run syncs for all that wait, and leaves those that come meanwhile to the next, unless
// what they wait for was written before.
func (g *Group[T]) run() {
	g.mu.Lock()
	batch := g.waiting
	g.waiting, g.now = make([]T, 0, len(batch)), g.next
	g.mu.Unlock()
	err := g.sync()
	g.mu.Lock()
	if err == nil {
		g.lasting = max(g.lasting, g.now)
	}
	joined := g.joined
	g.joined, g.now = nil, 0
	if g.running = len(g.waiting) > 0; g.running {
		go g.run() // the disk need not wait until these are told
	}
	g.mu.Unlock()
	for _, v := range batch {
		g.done(v, err)
	}
	for _, v := range joined {
		g.done(v, err)
	}
}
