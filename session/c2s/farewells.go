package c2s

import (
	"context"
	"sync"
)

// farewells are the ends of sessions without a connection that go on: the stanzas that the
// client has not acknowledged may have to be stored, and a stop waits for that. They are for
// any goroutine.
type farewells struct {
	mu   sync.Mutex
	n    int           // guarded; that go on
	over chan struct{} // guarded; if not nil, closed when none does
}

// Go begins one. It does not wait.
func (f *farewells) Go(end func()) {
	f.mu.Lock()
	f.n++
	f.mu.Unlock()
	go func() {
		defer f.done()
		end()
	}()
}

func (f *farewells) done() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n--; f.n == 0 && f.over != nil {
		close(f.over)
		f.over = nil
	}
}

// wait returns when none goes on, or ctx ends, whose error it returns then.
func (f *farewells) wait(ctx context.Context) error {
	over := f.pending()
	if over == nil {
		return nil
	}
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pending is closed when none goes on; nil: none does.
func (f *farewells) pending() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n > 0 && f.over == nil {
		f.over = make(chan struct{})
	}
	return f.over
}
