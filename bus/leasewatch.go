package bus

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"rollcall/events"
)

// Watch gives every incarnation that runs, then one change with Current set,
// then what changes until ctx ends, renewals included. After an interruption it finds out what
// has changed meanwhile. It reports each interruption once, as
// events.ErrUnavailable.
func (l *Leases) Watch(ctx context.Context) iter.Seq2[events.LeaseChange, error] {
	return func(yield func(events.LeaseChange, error) bool) {
		w := leaseWatch{yield: yield, known: make(map[string]events.LeaseState)}
		reported := false
		for wait := reopenMin; ; wait = min(2*wait, reopenMax) {
			t := &tail{b: l.b, stream: leaseStream}
			progress, err := w.pass(ctx, t)
			t.close()
			switch {
			case w.stopped, ctx.Err() != nil, l.b.nc.IsClosed():
				return
			case progress:
				reported, wait = false, reopenMin
			}
			if errors.Is(err, errLost) {
				continue
			}
			if !reported && !yield(events.LeaseChange{}, err) {
				return
			}
			reported = true
			t.pause(ctx, wait)
		}
	}
}

// A leaseWatch is one iteration of Watch.
type leaseWatch struct {
	yield   func(events.LeaseChange, error) bool
	stopped bool                         // the loop was left
	known   map[string]events.LeaseState // who lives, by subject
	current bool                         // the mark was given
}

// pass reads the whole stream, which is one message a name, and then follows
// it. What was known and isn't there any more has ended. It reports whether
// it came to the end of the stream.
func (w *leaseWatch) pass(ctx context.Context, t *tail) (progress bool, err error) {
	end, err := t.b.newest(ctx, leaseStream, "")
	if err != nil {
		return false, err
	}
	seen := make(map[string]bool)
	t.finite = true // for the case that the newest message is gone
	for caughtUp := end.seq == 0; !w.stopped; {
		if caughtUp {
			w.catchUp(seen)
			t.finite, caughtUp, progress = false, false, true
			continue
		}
		d, err := t.next(ctx)
		if errors.Is(err, errEnd) {
			caughtUp = t.finite
			continue
		}
		if err != nil {
			return progress, err
		}
		seen[d.msg.Subject] = true
		w.apply(&d)
		caughtUp = t.finite && d.seq >= end.seq
	}
	return progress, nil
}

// catchUp ends the first part of a pass.
func (w *leaseWatch) catchUp(seen map[string]bool) {
	for subject := range w.known {
		if !seen[subject] {
			w.gone(subject)
		}
	}
	if !w.current {
		w.current = true
		w.give(events.LeaseChange{Current: true})
	}
}

// apply takes one message of a lease: its beginning, a renewal or its end. Another epoch is the end of one incarnation and the beginning of the
// next, in this order.
func (w *leaseWatch) apply(d *delivery) {
	subject := d.msg.Subject
	state, alive := openLease(d.msg.Data, d.msg.Header, d.seq, time.Unix(0, d.at))
	before, was := w.known[subject]
	if was && (!alive || before.Epoch != state.Epoch) {
		w.gone(subject)
		was = false
	}
	if !alive {
		return
	}
	w.known[subject] = state
	w.give(events.LeaseChange{State: state, Alive: true, Renewed: was})
}

func (w *leaseWatch) gone(subject string) {
	state := w.known[subject]
	delete(w.known, subject)
	w.give(events.LeaseChange{State: state})
}

func (w *leaseWatch) give(c events.LeaseChange) {
	if !w.stopped {
		w.stopped = !w.yield(c, nil)
	}
}

// Alive lists who runs now.
func (l *Leases) Alive(ctx context.Context) ([]events.LeaseState, error) {
	var alive []events.LeaseState
	for c, err := range l.Watch(ctx) {
		if err != nil {
			return nil, err
		}
		if c.Current {
			return alive, nil
		}
		if c.Alive {
			alive = append(alive, c.State)
			continue
		}
		alive = slices.DeleteFunc(alive, func(s events.LeaseState) bool { return s.Incarnation == c.State.Incarnation })
	}
	return nil, events.ErrUnavailable
}

// Clock is the time now by the clock that a LeaseState's Renewed is by.
func (l *Leases) Clock(ctx context.Context) (time.Time, error) {
	info, err := l.b.info(ctx, leaseStream)
	return info.Now, err
}
