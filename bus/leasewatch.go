package bus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Watch gives every incarnation that runs, then one change with Current set,
// then every change until ctx ends, renewals included. After an interruption it
// finds out what has changed meanwhile. It reports each interruption once, as
// events.ErrUnavailable.
func (l *Leases) Watch(ctx context.Context) iter.Seq2[events.LeaseChange, error] {
	return func(yield func(events.LeaseChange, error) bool) {
		w := leaseWatch{yield: yield, known: make(map[string]events.LeaseState), newest: make(map[string]uint64)}
		reported := false
		for wait := reopenMin; ; wait = min(2*wait, reopenMax) {
			t := &tail{b: l.b, link: l.b.first, stream: leaseStream}
			progress, err := w.pass(ctx, t)
			t.finish()
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
	known   map[string]events.LeaseState // by subject, those that run
	newest  map[string]uint64            // by subject, the message that was applied last
	current bool                         // the mark was given
}

// pass asks the leader for every lease, which is one message a name, and then
// follows the stream. Whatever was known and isn't there any longer has ended. It
// reports whether it got as far as following.
//
// A consumer that reads the stream from its beginning would not do instead: its
// server may lag, and a lease that is renewed meanwhile moves to the stream's end
// before it is read. Taken for ended, it would cost a living connector its sessions.
func (w *leaseWatch) pass(ctx context.Context, t *tail) (progress bool, err error) {
	end, err := t.b.newest(ctx, leaseStream, "")
	if err != nil {
		return false, err
	}
	now, err := t.b.leases.now(ctx)
	if err != nil {
		return false, err
	}
	w.catchUp(now)
	for t.after, t.began = end.seq, true; !w.stopped; {
		d, err := t.next(ctx)
		if err != nil {
			return true, err
		}
		if d.seq > w.newest[d.msg.Subject] {
			state, alive := openLease(d.msg.Data, d.msg.Header, d.seq, time.Unix(0, d.at))
			w.apply(d.msg.Subject, d.seq, state, alive)
		}
	}
	return true, nil
}

// catchUp makes the known leases those that there are now.
func (w *leaseWatch) catchUp(now map[string]*message) {
	for subject := range w.known {
		if now[subject] == nil {
			w.gone(subject)
		}
	}
	for subject, m := range now {
		state, alive := openLease(m.Data, m.header(), m.Seq, m.Time)
		w.apply(subject, m.Seq, state, alive)
	}
	if !w.current {
		w.current = true
		w.give(events.LeaseChange{Current: true})
	}
}

// apply takes one message of a lease: its beginning, a renewal or its end. Another
// epoch is the end of one incarnation and the beginning of the next, in this order.
func (w *leaseWatch) apply(subject string, seq uint64, state events.LeaseState, alive bool) {
	w.newest[subject] = seq
	before, was := w.known[subject]
	if was && (!alive || before.Epoch != state.Epoch) {
		w.gone(subject)
		was = false
	}
	if !alive || was && before.Revision == state.Revision {
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

// now asks the leader for the newest message of every name, by subject. One that
// ends meanwhile may be among them.
func (l *Leases) now(ctx context.Context) (map[string]*message, error) {
	request := struct {
		Filter string `json:"subjects_filter"`
	}{leasePrefix + ".>"}
	var info streamInfo
	if err := l.b.api(ctx, "STREAM.INFO."+leaseStream, request, &info); err != nil {
		return nil, err
	}
	all := make(map[string]*message, len(info.State.Subjects))
	for subject := range info.State.Subjects {
		m, err := l.b.last(ctx, leaseStream, subject)
		if errors.Is(err, events.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all[subject] = m
	}
	return all, nil
}

// Alive lists the connectors that run now, by name. The leader is asked.
func (l *Leases) Alive(ctx context.Context) ([]events.LeaseState, error) {
	now, err := l.now(ctx)
	if err != nil {
		return nil, fmt.Errorf("leases: %w", err)
	}
	var alive []events.LeaseState
	for _, m := range now {
		if state, ok := openLease(m.Data, m.header(), m.Seq, m.Time); ok {
			alive = append(alive, state)
		}
	}
	slices.SortFunc(alive, func(a, b events.LeaseState) int { return strings.Compare(a.Name, b.Name) })
	return alive, nil
}

// Clock is the time now by the clock that a LeaseState's Renewed is by.
func (l *Leases) Clock(ctx context.Context) (time.Time, error) {
	info, err := l.b.info(ctx, leaseStream)
	return info.Now, err
}
