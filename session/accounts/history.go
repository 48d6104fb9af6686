package accounts

import (
	"context"
	"fmt"
	"sync"

	"rollcall/events"
	"rollcall/session"
)

// histories folds single accounts from the log as they are needed, so that a
// short-lived program can decide on them without the whole table. It implements
// session.Accounts.
type histories struct {
	log events.Log

	mu    sync.Mutex
	known map[events.JID]*session.Account // guarded by mu
}

func newHistories(log events.Log) *histories {
	return &histories{log: log, known: make(map[events.JID]*session.Account)}
}

// Account implements session.Accounts. It knows what load or WaitFor read; a
// decision on less than that is overtaken, and WaitFor reads the rest.
func (h *histories) Account(account events.JID) *session.Account {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.known[account]
}

// WaitFor implements session.Accounts: it reads the history of the account
// whose record is at that position.
func (h *histories) WaitFor(ctx context.Context, p events.Position) error {
	for st, err := range h.log.Read(ctx, events.Range{After: p.Seq - 1, To: p.Seq}) {
		if err != nil {
			return err
		}
		_, err := h.load(ctx, st.Account())
		return err
	}
	return fmt.Errorf("record %d: %w", p.Seq, events.ErrNotFound)
}

// load folds what is new of an account's history. An account without a history
// is nil.
func (h *histories) load(ctx context.Context, account events.JID) (*session.Account, error) {
	a := h.Account(account)
	span := events.Range{Account: account}
	if a != nil {
		span.After = a.Seq
	}
	for st, err := range events.Intact(h.log.Read(ctx, span)) {
		if err != nil {
			return nil, fmt.Errorf("history of %s: %w", account, err)
		}
		a = session.Apply(a, st)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("history of %s: %w", account, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known[account] = a
	return a, nil
}

// forget drops an account that is done with.
func (h *histories) forget(account events.JID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.known, account)
}
