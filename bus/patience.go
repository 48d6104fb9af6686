package bus

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Who waits for a stream that can't be reached, as while a cluster elects its
// leader? The log and the leases tell their callers, which decide. Reads and
// writes of documents and of waiting messages are tried again here.

// waitsFor reports that a failure passes and its outage is to be waited out. It
// takes note of answers as well.
func waitsFor(down *events.Outage, err error) bool {
	switch {
	case down == nil, errors.Is(err, events.ErrUnresolved), events.Lasts(err):
		return false
	case errors.Is(err, events.ErrUnavailable):
		return down.Failed()
	}
	down.Reached()
	return false
}

// patiently reads again while down says so.
func patiently[T any](ctx context.Context, b *Bus, down *events.Outage, read func(context.Context) (T, error)) (T, error) {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, retryEvery) {
		v, err := read(ctx)
		if !waitsFor(down, err) || !b.pause(ctx, wait) {
			return v, err
		}
	}
}

// pause waits before another attempt, no longer than until the connection changes.
// It reports false if there is to be none.
func (b *Bus) pause(ctx context.Context, d time.Duration) bool {
	_, changed := b.link()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-changed:
		return true
	case <-ctx.Done():
	case <-b.closed:
	}
	return false
}
