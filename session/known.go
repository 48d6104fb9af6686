package session

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
)

// maxForeseen bounds the accounts that were asked for and whose commands have not
// come yet; many of them never do, for their passwords were wrong. At one more any
// other is forgotten, and asked for again by its command.
const maxForeseen = 4096

// foreseen are the accounts that Foresee has asked for.
type foreseen struct {
	mu       sync.Mutex
	accounts map[events.JID]*Account // guarded
}

func (f *foreseen) put(a *Account) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.accounts == nil {
		f.accounts = make(map[events.JID]*Account)
	}
	for other := range f.accounts {
		if len(f.accounts) < maxForeseen {
			break
		}
		delete(f.accounts, other)
	}
	f.accounts[a.JID()] = a
}

// take returns what is known of an account, once, or nil.
func (f *foreseen) take(account events.JID) *Account {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.accounts[account]
	delete(f.accounts, account)
	return a
}

// Foresee asks the log for the record that the next command on an account will need,
// if nothing is known of that here: Do would have to ask, and wait for it. A caller
// that has something else to wait for calls Foresee meanwhile. It is no loss if it
// fails.
func (s *Service) Foresee(ctx context.Context, account events.JID) {
	account = account.Bare()
	if s.cfg.Accounts.Account(account) != nil || s.cfg.Accounts.Forgotten() == 0 {
		return
	}
	a, err := s.last(ctx, account)
	if err == nil && a != nil && s.cfg.Accounts.Account(account) == nil {
		s.foreseen.put(a)
	}
}

// known is the account by the table, or as this process left it, or, if neither
// knows it, as the log has it; then asked says that the log has just said so.
func (s *Service) known(ctx context.Context, stripe *stripe, account events.JID) (a *Account, asked bool, err error) {
	if a = s.newest(stripe, account); a != nil || s.cfg.Accounts.Forgotten() == 0 {
		return a, false, nil
	}
	if a = s.foreseen.take(account); a != nil {
		return a, false, nil
	}
	err = s.patiently(ctx, func() error {
		a, err = s.last(ctx, account)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if newer := s.newest(stripe, account); newer != nil {
		return newer, false, nil // it had sessions that the table did not have yet
	}
	return a, true, nil
}

// newest is the account by the table, or as this process left it if the table
// has not got there yet.
func (s *Service) newest(stripe *stripe, account events.JID) *Account {
	a := s.cfg.Accounts.Account(account)
	if r := stripe.recent; r != nil && r.JID() == account && (a == nil || a.Seq < r.Seq) {
		return r
	}
	return a
}

// last is an account without sessions whose newest record is the log's; nil without
// one. That the table knows no sessions of it is true up to the table's position
// only, so last returns when that has the record: then the caller looks again.
func (s *Service) last(ctx context.Context, account events.JID) (*Account, error) {
	st, err := s.cfg.Log.Last(ctx, account)
	poison, spoilt := errors.AsType[*events.PoisonError](err)
	switch {
	case errors.Is(err, events.ErrNotFound):
		return nil, nil
	case spoilt:
		st.Seq = poison.Seq
	case err != nil:
		return nil, fmt.Errorf("newest record of %s: %w", account, err)
	}
	if err := s.cfg.Accounts.WaitFor(ctx, st.Position()); err != nil {
		return nil, fmt.Errorf("%w: wait for the table: %w", events.ErrUnavailable, err)
	}
	a := NewAccount(account, st.Seq)
	if !spoilt && !rekeys(st.Event) {
		a.setCredentialsSeq(st.Prev)
	}
	return a, nil
}

// dated is the account with the exact place of the newest change of its credentials,
// as far as that is after another place; otherwise 0. Account.CredentialsSeq may be
// later than the change was.
func (s *Service) dated(ctx context.Context, a *Account, after events.Seq) (*Account, error) {
	exact := *a
	exact.setCredentialsSeq(0)
	for {
		var next events.Stored
		err := s.patiently(ctx, func() (err error) {
			next, _, err = s.next(ctx, a.JID(), after)
			return err
		})
		switch {
		case errors.Is(err, events.ErrNotFound), err == nil && next.Seq > a.Seq:
			return &exact, nil
		case err != nil:
			return nil, fmt.Errorf("history of %s: %w", a.JID(), err)
		case rekeys(next.Event):
			exact.setCredentialsSeq(next.Seq)
		}
		after = next.Seq
	}
}
