package projector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
)

var (
	// ErrStopped: the projector has stopped; the position will not be reached.
	ErrStopped = errors.New("the projector has stopped")
	// ErrOtherStream: the position is of a stream that the table does not
	// follow, and sequences of two streams can't be compared.
	ErrOtherStream = errors.New("the position is of another stream")
)

// A watermark releases those who wait for a sequence when the fold is done with
// it.
type watermark struct {
	stream  atomic.Pointer[string] // set with the first sequence
	reached atomic.Uint64
	mu      sync.Mutex
	waiters []waiter // guarded by mu; by sequence
	stopped bool     // guarded by mu
}

type waiter struct {
	seq  events.Seq
	done chan error // has room for the one answer
}

func (g *watermark) position() events.Position {
	p := events.Position{Seq: events.Seq(g.reached.Load())}
	if s := g.stream.Load(); s != nil {
		p.Stream = *s
	}
	return p
}

// follow names the stream. It is the folding goroutine's, like advance and stop.
func (g *watermark) follow(stream string) {
	if g.stream.Load() == nil && stream != "" {
		g.stream.Store(&stream)
	}
}

// advance releases all who wait for seq or less. It never goes back.
func (g *watermark) advance(seq events.Seq) {
	if uint64(seq) <= g.reached.Load() {
		return
	}
	g.reached.Store(uint64(seq))
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for n < len(g.waiters) && g.waiters[n].seq <= seq {
		g.waiters[n].done <- nil
		n++
	}
	g.waiters = slices.Delete(g.waiters, 0, n)
}

// stop releases all, with ErrStopped, now and from now on.
func (g *watermark) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	for _, w := range g.waiters {
		w.done <- ErrStopped
	}
	g.waiters = nil
}

func (g *watermark) wait(ctx context.Context, p events.Position) error {
	if s := g.stream.Load(); s != nil && p.Stream != "" && p.Stream != *s {
		return fmt.Errorf("wait for %s %d: %w: the table follows %s", p.Stream, p.Seq, ErrOtherStream, *s)
	}
	if events.Seq(g.reached.Load()) >= p.Seq {
		return nil
	}
	w, err := g.addWaiter(p.Seq)
	if err != nil || w.done == nil {
		return err
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		g.removeWaiter(w)
		return ctx.Err()
	}
}

// addWaiter puts a waiter in line, or none if there is nothing to wait for.
func (g *watermark) addWaiter(seq events.Seq) (waiter, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case events.Seq(g.reached.Load()) >= seq:
		return waiter{}, nil
	case g.stopped:
		return waiter{}, ErrStopped
	}
	w := waiter{seq, make(chan error, 1)}
	// Behind its equals: mostly at the end, where nothing has to be moved.
	i, _ := slices.BinarySearchFunc(g.waiters, seq+1, func(o waiter, seq events.Seq) int {
		return cmp.Compare(o.seq, seq)
	})
	g.waiters = slices.Insert(g.waiters, i, w)
	return w, nil
}

func (g *watermark) removeWaiter(w waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiters = slices.DeleteFunc(g.waiters, func(o waiter) bool { return o.done == w.done })
}
