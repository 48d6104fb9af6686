package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/projector"
)

// A leaseBook keeps the table told of which connectors hold no lease any more.
// Leases and events are in two streams, whose order is not known, so a missing
// lease proves nothing by itself: see lost.
type leaseBook struct {
	leases *bus.Leases
	table  *projector.Table
	log    *slog.Logger
}

// lost finds the connectors that hold something in the table and have no
// lease, and tells the table. The table is asked first: whoever is in it then
// had acquired its lease before, so a lease that is not there afterwards has
// ended.
func (l *leaseBook) lost(ctx context.Context) ([]events.Incarnation, error) {
	held := l.table.Connectors()
	alive, err := l.leases.Alive(ctx)
	if err != nil {
		return nil, err
	}
	var lost []events.Incarnation
	for _, c := range held {
		if !holdsLease(alive, c.Incarnation) {
			l.table.Lost(c.Incarnation)
			lost = append(lost, c.Incarnation)
		}
	}
	return lost, nil
}

func holdsLease(alive []bus.LeaseState, i events.Incarnation) bool {
	return slices.ContainsFunc(alive, func(s bus.LeaseState) bool { return s.Incarnation == i })
}

// watch tells the table, and then ended, of every lease that ends, until ctx
// does.
func (l *leaseBook) watch(ctx context.Context, ended func(events.Incarnation)) {
	for c, err := range l.leases.Watch(ctx) {
		switch {
		case errors.Is(err, events.ErrUnavailable): // as everything else, and said of it
			l.log.Info("leases can't be watched for now", "error", err)
		case err != nil:
			l.log.Error("leases can't be watched", "error", err)
		case c.Current:
		case c.Alive:
			l.log.Info("connector began", "connector", c.State.Incarnation)
		default:
			l.log.Info("connector ended", "connector", c.State.Incarnation)
			l.table.Lost(c.State.Incarnation)
			ended(c.State.Incarnation)
		}
	}
}
