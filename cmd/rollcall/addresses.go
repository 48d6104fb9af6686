package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/projector/query"
	"rollcall/replay"
)

// historyReaders is how many histories are read at once.
const historyReaders = 16

// A sessionLine is a session and where its client is. The table does not hold
// addresses, for it is to be small, so they are read in the accounts' histories.
type sessionLine struct {
	query.Session
	Address string `json:"address,omitempty"` // of its newest connection; "" if it was not asked for
}

// readAddresses finds the addresses of sessions as they were at a moment. It
// costs a reading for each account.
func readAddresses(ctx context.Context, b *bus.Bus, list []sessionLine, m replay.Moment) error {
	accounts := make(map[events.JID][]*sessionLine)
	for i := range list {
		account := list[i].JID.Bare()
		accounts[account] = append(accounts[account], &list[i])
	}
	return eachHistory(ctx, accounts, func(ctx context.Context, account events.JID, lines []*sessionLine) error {
		at, err := addressesOf(ctx, b.Log(), account, m)
		for _, line := range lines { // this goroutine's
			line.Address = at[line.ID]
		}
		return err
	})
}

// eachHistory does something for each account, many at once.
func eachHistory[T any](ctx context.Context, accounts map[events.JID]T, do func(context.Context, events.JID, T) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(historyReaders)
	for account, of := range accounts {
		g.Go(func() error { return do(ctx, account, of) })
	}
	return g.Wait()
}

// addressesOf are those of an account's sessions, by their ids.
func addressesOf(ctx context.Context, log events.Log, account events.JID, m replay.Moment) (map[string]string, error) {
	span := events.Range{Account: account, To: m.Seq}
	if !m.Time.IsZero() {
		span.Until = m.Time.Add(1)
	}
	at := make(map[string]string)
	for st, err := range events.Intact(log.Read(ctx, span)) {
		if err != nil {
			return nil, fmt.Errorf("addresses of %s: %w", account, err)
		}
		switch e := st.Event.(type) {
		case events.Authenticated:
			at[st.Session.String()] = e.Address
		case events.Resumed:
			at[st.Session.String()] = e.Address
		case events.Closed:
			delete(at, st.Session.String())
		}
	}
	return at, ctx.Err()
}
