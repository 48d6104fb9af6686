package connector

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// How a death is noticed before the lease ends. A lease outlasts an election, so
// its end comes late. But a process that dies loses its connection, and that can be
// seen. Whoever has seen it for some seconds, during which the stream of leases
// could be read and the holder did not renew its lease, revokes the lease: only
// then, and by a compare-and-set that a renewal would have made fail, it counts as
// ended. So nothing that was a connector's is given away while its lease holds, and
// a holder that lives after all finds its lease lost when it has a connection again,
// without which it can write nothing.
const (
	// overdue is how long after its last renewal a holder is looked for. It renews
	// the lease every 2 s.
	overdue = 3 * time.Second
	// lookEvery is the time between two looks, and looks how many of them must find
	// nobody. A holder whose server has died is back at another one before that.
	lookEvery = time.Second
	looks     = 4
)

// lookAfter revokes the leases of connectors that have died, except that of its
// own name, until ctx ends.
func (w *leaseWatcher) lookAfter(ctx context.Context, name string) {
	var all sync.WaitGroup
	defer all.Wait()
	for wait(ctx, lookEvery) {
		for _, h := range w.overdue(name) {
			all.Go(func() {
				if _, err := w.revokeIfDead(ctx, h.state); err != nil && ctx.Err() == nil {
					w.log.Info("can't see whether a connector is dead", "connector", h.state.Incarnation, "error", err)
				}
				w.looked(h)
			})
		}
	}
}

// overdue lists the holders that should have renewed their leases, other than this
// connector, and that nobody here looks for already. The caller ends each look by
// looked.
func (w *leaseWatcher) overdue(self string) (list []*heard) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, h := range w.heard {
		if name != self && !h.look && time.Since(h.at) > overdue {
			h.look = true
			list = append(list, h)
		}
	}
	return list
}

func (w *leaseWatcher) looked(h *heard) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h.look = false
}

// revokeIfDead looks several times for the holder of a lease, and revokes the lease
// if nobody is found. It reports whether the lease has ended. A holder that renews
// the lease meanwhile is not dead.
func (w *leaseWatcher) revokeIfDead(ctx context.Context, s events.LeaseState) (ended bool, err error) {
	for n := range looks {
		if n > 0 && !wait(ctx, lookEvery) {
			return false, ctx.Err()
		}
		missing, err := w.leases.Missing(ctx, s)
		if err != nil || !missing {
			return false, err
		}
	}
	err = w.leases.Revoke(ctx, s)
	if errors.Is(err, events.ErrConflict) {
		return false, nil
	}
	if err == nil {
		w.log.Warn("a connector is dead: its lease is revoked", "connector", s.Incarnation)
	}
	return err == nil, err
}
