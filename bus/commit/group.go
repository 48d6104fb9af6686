package commit

import "sync"

// A Group collects what waits for a sync, and does one for all. It is safe for
// concurrent use.
type Group[T any] struct {
	sync func() error
	done func(T, error)

	mu      sync.Mutex
	waiting []T  // guarded; for the next sync
	running bool // guarded; there is a goroutine that syncs
}

// NewGroup returns a group that calls sync, never twice at the same time, and then
// done, with what it returned, for each of those that waited.
func NewGroup[T any](sync func() error, done func(T, error)) *Group[T] {
	return &Group[T]{sync: sync, done: done}
}

// Add has v done after a sync that begins from now on. It does not wait.
func (g *Group[T]) Add(v T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, v)
	if !g.running {
		g.running = true
		go g.run() // ends after the sync that v waits for
	}
}

// run syncs for all that wait, and leaves those that come meanwhile to the next.
func (g *Group[T]) run() {
	g.mu.Lock()
	batch := g.waiting
	g.waiting = make([]T, 0, len(batch))
	g.mu.Unlock()
	err := g.sync()
	g.mu.Lock()
	if g.running = len(g.waiting) > 0; g.running {
		go g.run() // the disk need not wait until these are told
	}
	g.mu.Unlock()
	for _, v := range batch {
		g.done(v, err)
	}
}
