package bus

import (
	"context"
	"time"
)

// How a holder finds out that it was frozen, or its machine suspended. Meanwhile
// its server may have closed the connection, and others have taken it for dead: they
// have sent elsewhere whatever it finds in its buffers when it goes on. So it looks at
// the clock often, and when it finds that it has not run for a while it makes sure
// of its lease, by renewing it, before it goes on.
const (
	pulseEvery = 500 * time.Millisecond
	// frozenFor is how long a process may not run without making sure. Nobody is
	// taken for dead within twice that since the last renewal.
	frozenFor = 3 * time.Second
)

// A pulse tells whether a lease's holder has run all the time. It is owned by the
// lease's mu, but for woke.
type pulse struct {
	timer     *time.Timer
	beaten    time.Time     // when it looked at the clock last
	frozen    time.Time     // when it found out that it had been frozen; zero: it is sure of its lease
	confirmed chan struct{} // closed, and replaced, when it is sure again
	woke      chan struct{} // has a token when the lease is to be renewed at once; Tell gives one, too
}

func newPulse() pulse { return pulse{confirmed: make(chan struct{}), woke: make(chan struct{}, 1)} }

// begin begins to look at the clock.
func (p *pulse) begin(beat func()) {
	p.beaten = time.Now()
	p.timer = time.AfterFunc(pulseEvery, beat)
}

// look looks at the clock, or rather at two: one stands still while the machine is
// suspended, the other may be set.
func (p *pulse) look() {
	now := time.Now()
	if now.Sub(p.beaten) > frozenFor || now.Round(0).Sub(p.beaten.Round(0)) > frozenFor {
		p.frozen = now
		select {
		case p.woke <- struct{}{}:
		default:
		}
	}
	p.beaten = now
}

// confirm takes note of a renewal. One that began before the holder was frozen says
// nothing of the time since.
func (p *pulse) confirm(start time.Time) {
	if !p.frozen.IsZero() && start.After(p.frozen) {
		p.frozen = time.Time{}
		close(p.confirmed)
		p.confirmed = make(chan struct{})
	}
}

// beat looks at the clock now and then while the lease holds.
func (l *Lease) beat() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.lost {
		l.pulse.look()
		l.pulse.timer.Reset(pulseEvery)
	}
}

// Confirm reports whether the lease holds. If this process was frozen, and others
// may have taken it for dead, it waits until the lease is renewed or lost, for which
// Run must be running; if ctx ends before it reports false. Otherwise it returns at
// once.
func (l *Lease) Confirm(ctx context.Context) bool {
	for {
		l.mu.Lock()
		l.pulse.look()
		sure, confirmed := l.pulse.frozen.IsZero(), l.pulse.confirmed
		holds := !l.lost && time.Now().Before(l.until)
		l.mu.Unlock()
		if sure || !holds {
			return holds
		}
		select {
		case <-confirmed:
		case <-l.done:
		case <-ctx.Done():
			return false
		}
	}
}
