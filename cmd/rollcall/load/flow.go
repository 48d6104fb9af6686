package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// warmUp is the share of a round that flows run before they count.
const warmUp = 8

// A flow is a client that sends as fast as its window lets it, and the clients
// that each get everything that it sends.
type flow struct {
	from    *client
	to      crowd
	stanzas [][]byte // sent in turns
	mark    string   // the end tag by which a delivery is known, once in each
	window  int      // stanzas that may be on their way

	sent int64         // owned by send while that runs
	got  atomic.Int64  // deliveries
	wake chan struct{} // has a token when got has grown
}

// received notes n deliveries.
func (f *flow) received(n int) {
	f.got.Add(int64(n))
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// send keeps the window full until stop is closed.
func (f *flow) send(stop <-chan struct{}) error {
	var b []byte
	for {
		done := f.got.Load() / int64(len(f.to))
		if free := int64(f.window) - (f.sent - done); free > 0 {
			b = b[:0]
			for range free {
				b = append(b, f.stanzas[f.sent%int64(len(f.stanzas))]...)
				f.sent++
			}
			if err := f.from.send(b); err != nil {
				return err
			}
		}
		select {
		case <-f.wake:
		case <-stop:
			return nil
		}
	}
}

// complete waits for the stanzas that are on their way.
func (f *flow) complete(timeout <-chan time.Time) error {
	for f.got.Load() < f.sent*int64(len(f.to)) {
		select {
		case <-f.wake:
		case <-timeout:
			return fmt.Errorf("only %d of %d deliveries came", f.got.Load(), f.sent*int64(len(f.to)))
		}
	}
	return nil
}

// run runs the flows together for l.Time, and counts what comes in it. Nobody
// reads the connections of their clients then or before.
func run(ctx context.Context, s *Server, flows []*flow, l *Load) (*Round, error) {
	var readers, senders sync.WaitGroup
	stop := make(chan struct{})
	failed := make([]error, len(flows))
	for i, f := range flows {
		f.wake = make(chan struct{}, 1)
		for _, c := range f.to {
			readers.Go(func() { c.count(f.mark, f.received) })
		}
		if !slices.Contains(f.to, f.from) {
			readers.Go(func() { f.from.drain() })
		}
		senders.Go(func() { failed[i] = f.send(stop) })
	}
	r, err := interval(ctx, s, flows, l.Time)
	close(stop)
	senders.Wait()
	err = errors.Join(append(failed, err)...)
	timeout := time.After(l.Patience)
	for _, f := range flows {
		if err == nil {
			err = f.complete(timeout)
		}
		f.from.interrupt()
		for _, c := range f.to {
			c.interrupt()
		}
	}
	readers.Wait()
	return r, err
}

// interval counts the deliveries of all flows between two moments.
func interval(ctx context.Context, s *Server, flows []*flow, during time.Duration) (*Round, error) {
	if err := wait(ctx, during/warmUp); err != nil {
		return nil, err
	}
	total := func() (n int) {
		for _, f := range flows {
			n += int(f.got.Load())
		}
		return n
	}
	return measured(s, func(r *Round) error {
		before := total()
		err := wait(ctx, during)
		r.Count = total() - before
		return err
	})
}
