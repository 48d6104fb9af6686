package session_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A table is the state of all accounts as one connector knows it. It follows
// its log only when it is told to, and so is as far behind as it may ever be.
type table struct {
	log events.Log

	mu        sync.Mutex
	accounts  map[events.JID]*session.Account // guarded by mu, as is what follows
	seq       events.Seq
	grown     chan struct{} // closed and replaced when seq has grown
	forgets   bool          // accounts without sessions, at once
	forgotten events.Seq
}

func newTable(log events.Log) *table {
	return &table{log: log, accounts: make(map[events.JID]*session.Account), grown: make(chan struct{})}
}

// Account implements session.States.
func (t *table) Account(account events.JID) *session.Account {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.accounts[account.Bare()]
}

// Forgotten implements session.States.
func (t *table) Forgotten() events.Seq {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.forgotten
}

// fold folds the log from where the table is to the sequence; 0 is its end.
func (t *table) fold(ctx context.Context, to events.Seq) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if to != 0 && t.seq >= to {
		return nil
	}
	for st, err := range t.log.Read(ctx, events.Range{After: t.seq, To: to}) {
		var poison *events.PoisonError
		switch {
		case errors.As(err, &poison):
			t.seq = poison.Seq
			continue
		case err != nil:
			return err
		}
		t.apply(st)
	}
	t.wake()
	return nil
}

// follow folds what the log has and gets, until ctx ends.
func (t *table) follow(ctx context.Context) {
	for st, err := range t.log.Follow(ctx, 0) {
		if err != nil {
			continue
		}
		own := *st // Follow uses it again
		t.mu.Lock()
		t.apply(&own)
		t.wake()
		t.mu.Unlock()
	}
}

func (t *table) apply(st *events.Stored) {
	account := st.JID.Bare()
	t.accounts[account] = session.Apply(t.accounts[account], st)
	t.seq = st.Seq
	if t.forgets && len(t.accounts[account].Sessions()) == 0 {
		delete(t.accounts, account)
		t.forgotten = st.Seq
	}
}

func (t *table) wake() {
	close(t.grown)
	t.grown = make(chan struct{})
}

// reached returns the table's sequence and a channel that is closed when that
// has grown.
func (t *table) reached() (events.Seq, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seq, t.grown
}

// WaitFor implements session.States. It waits until somebody else folds.
func (t *table) WaitFor(ctx context.Context, p events.Position) error {
	for {
		seq, grown := t.reached()
		if seq >= p.Seq {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// HeldBy implements session.Holders.
func (t *table) HeldBy(lost events.Incarnation) iter.Seq[*session.Account] {
	t.mu.Lock()
	defer t.mu.Unlock()
	var held []*session.Account
	for _, a := range t.accounts {
		if slices.ContainsFunc(a.Sessions(), func(s *session.Session) bool {
			return s.Connector().Name == lost.Name && s.Connector().Epoch <= lost.Epoch
		}) {
			held = append(held, a)
		}
	}
	slices.SortFunc(held, func(a, b *session.Account) int { return int(a.Seq) - int(b.Seq) })
	return slices.Values(held)
}

// A lazyTable folds what is waited for, and nothing else.
type lazyTable struct{ *table }

// WaitFor implements session.States.
func (t lazyTable) WaitFor(ctx context.Context, p events.Position) error { return t.fold(ctx, p.Seq) }
