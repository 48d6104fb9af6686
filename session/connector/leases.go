package connector

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A leaseWatcher keeps the table told of which connectors no longer hold a lease,
// and knows when each lease was renewed last. All times are this machine's.
type leaseWatcher struct {
	leases Leases
	table  Table
	log    *slog.Logger

	mu    sync.Mutex
	heard map[string]*heard // guarded; by name, of those that hold a lease
}

// A heard is when a lease's newest message came.
type heard struct {
	state events.LeaseState
	at    time.Time
	look  bool // somebody is looking whether its holder is dead
}

func newLeaseWatcher(leases Leases, table Table, log *slog.Logger) *leaseWatcher {
	return &leaseWatcher{leases: leases, table: table, log: log, heard: make(map[string]*heard)}
}

// WatchLeases keeps a table told of which connectors have ended, until ctx ends.
// It is for processes that answer questions and serve no clients: Run does it by
// itself. log gets the news for an operator; nil: nobody does.
func WatchLeases(ctx context.Context, leases Leases, table Table, log *slog.Logger) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	newLeaseWatcher(leases, table, log).watch(ctx, func(events.LeaseState, bool) {}, func(events.Incarnation) {})
}

// TellLost finds the connectors that hold something in the table and have no
// lease, and tells the table. Leases and events are in two streams, whose order is
// not known, so a missing lease proves nothing by itself. The table is asked
// first: whoever is in it then had acquired its lease before, so a lease that is
// not there afterwards has ended.
func TellLost(ctx context.Context, leases Leases, table Table) (lost []events.Incarnation, err error) {
	held := table.Holding()
	alive, err := leases.Alive(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range held {
		if !events.Leased(alive, i) {
			table.Lost(i)
			lost = append(lost, i)
		}
	}
	return lost, nil
}

// watch tells the table, and then ended, of every lease that ends, until ctx
// does. heard is told of these, and of those that begin.
func (w *leaseWatcher) watch(ctx context.Context, heard func(s events.LeaseState, alive bool), ended func(events.Incarnation)) {
	for c, err := range w.leases.Watch(ctx) {
		switch {
		case errors.Is(err, events.ErrUnavailable): // like all of NATS, of which that is said
			w.log.Info("leases can't be watched for now", "error", err)
		case err != nil:
			w.log.Error("leases can't be watched", "error", err)
		case c.Current:
		case c.Alive:
			w.hear(c.State)
			if !c.Renewed {
				heard(c.State, true)
				w.log.Info("connector began", "connector", c.State.Incarnation)
			}
		default:
			w.forget(c.State)
			heard(c.State, false)
			w.log.Info("connector ended", "connector", c.State.Incarnation)
			w.table.Lost(c.State.Incarnation)
			ended(c.State.Incarnation)
		}
	}
}

// hear takes note of a message of a lease. After an interruption of the watch the
// same one may come again.
func (w *leaseWatcher) hear(s events.LeaseState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h := w.heard[s.Name]; h == nil || h.state.Revision < s.Revision {
		w.heard[s.Name] = &heard{state: s, at: time.Now()}
	}
}

func (w *leaseWatcher) forget(s events.LeaseState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h := w.heard[s.Name]; h != nil && h.state.Incarnation == s.Incarnation {
		delete(w.heard, s.Name)
	}
}
