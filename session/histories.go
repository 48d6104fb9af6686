package session

import (
	"context"
	"fmt"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Histories are the States of a program that changes some accounts and has no
// table: each account is folded from its own records, when it is first needed. That
// costs what the account has done, and what was read stays in memory until Forget.
// It is safe for concurrent use.
type Histories struct {
	log events.Log

	mu    sync.Mutex
	known map[events.JID]*Account // guarded by mu
}

// NewHistories returns those that the log has. It reads nothing yet.
func NewHistories(log events.Log) *Histories {
	return &Histories{log: log, known: make(map[events.JID]*Account)}
}

// Account implements States. It knows what Load or WaitFor have read; a decision
// on less than that is overtaken, and then WaitFor reads the rest.
func (h *Histories) Account(account events.JID) *Account {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.known[account]
}

// Forgotten implements States. Of an account that was not read nothing is claimed, but
// there is no need to ask for it either: what there is overtakes the decision.
func (h *Histories) Forgotten() events.Seq { return 0 }

// WaitFor implements States: it reads the history of the account whose record is
// at that position. Errors are those of the log, or wrap events.ErrNotFound.
func (h *Histories) WaitFor(ctx context.Context, p events.Position) error {
	for st, err := range h.log.Read(ctx, events.Range{After: p.Seq - 1, To: p.Seq}) {
		if err != nil {
			return err
		}
		_, err := h.Load(ctx, st.Account())
		return err
	}
	return fmt.Errorf("record %d: %w", p.Seq, events.ErrNotFound)
}

// Load reads what is new of an account's history, and returns the account, nil if
// it has none. Errors are those of the log, or of ctx.
func (h *Histories) Load(ctx context.Context, account events.JID) (*Account, error) {
	a := h.Account(account)
	span := events.Range{Account: account}
	if a != nil {
		span.After = a.Seq
	}
	for st, err := range events.Intact(h.log.Read(ctx, span)) {
		if err != nil {
			return nil, fmt.Errorf("history of %s: %w", account, err)
		}
		a = Apply(a, st)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("history of %s: %w", account, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known[account] = a
	return a, nil
}

// Forget drops an account that is done with from memory.
func (h *Histories) Forget(account events.JID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.known, account)
}
