package session

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A stripe serializes this process's own writers to the accounts that hash to
// it, which would only get in each other's way. Whoever has entered it owns
// its fields.
type stripe struct {
	taken  chan struct{} // has room for one
	recent *Account      // the last account written here
	// open are the records whose outcome was not known when their command ran
	// out of time, one an account at most. Each stays until the next command on
	// its account, and there is one: the end of the session that it was about.
	open map[events.JID]*events.Record
}

func (s *Service) stripe(account events.JID) *stripe {
	return &s.stripes[maphash.String(s.seed, account.String())%stripes]
}

// enter reports false if the context ended before the stripe was free.
func (l *stripe) enter(ctx context.Context) bool {
	select {
	case l.taken <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	if ctx.Err() != nil {
		l.leave()
		return false
	}
	return true
}

func (l *stripe) leave() { <-l.taken }

// leaveOpen remembers that the outcome of r is not known, until close.
func (l *stripe) leaveOpen(r *events.Record) {
	if l.open == nil {
		l.open = make(map[events.JID]*events.Record)
	}
	l.open[r.Account()] = r
}

func (l *stripe) isOpen(r *events.Record) bool { return l.open != nil && l.open[r.Account()] == r }

func (l *stripe) close(r *events.Record) {
	if l.isOpen(r) {
		delete(l.open, r.Account())
	}
}

// resolveOpen finds out what became of a record that an earlier command on the
// account left open, by appending it again. Otherwise a decision that appends
// nothing could miss it: to close a session whose Authenticated is still on
// its way would find nothing to close, and leave a ghost.
func (s *Service) resolveOpen(ctx context.Context, stripe *stripe, account events.JID) error {
	r := stripe.open[account]
	if r == nil {
		return nil
	}
	pos, err := s.append(ctx, stripe, r)
	if err == nil {
		// The state that it was decided on is history either way.
		err = &overtakenError{by: pos}
	}
	if errors.Is(err, events.ErrUnresolved) {
		return fmt.Errorf("%w: an earlier event is not acknowledged yet", events.ErrUnavailable)
	}
	return err
}
