package session

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// firstPause and lastPause bound the wait before an attempt is repeated.
const (
	firstPause = 2 * time.Millisecond
	lastPause  = 500 * time.Millisecond
)

// An overtakenError says that the account has a record of another writer where
// this one was to go. It never leaves the package.
type overtakenError struct{ by events.Position }

func (e *overtakenError) Error() string { return "overtaken" }

func isOvertaken(err error) bool {
	_, ok := errors.AsType[*overtakenError](err)
	return ok
}

// append stores the record, whatever it takes to know that it is stored once.
// It tries the same record, under the same id, again and again until its
// outcome is certain or the context ends. If it is uncertain then, the record
// stays open in the stripe. A log that can't be reached is waited for, as while a
// cluster elects a leader, until the outage is a long one.
func (s *Service) append(ctx context.Context, stripe *stripe, r *events.Record) (events.Position, error) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if s.fenced() {
			return events.Position{}, ErrFenced
		}
		pos, err := s.cfg.Log.Append(ctx, r)
		if errors.Is(err, events.ErrUnresolved) {
			stripe.leaveOpen(r)
		}
		conflict := errors.Is(err, events.ErrConflict)
		again := s.waitsFor(err)
		switch {
		case err == nil:
		case conflict, stripe.isOpen(r):
			pos, err = s.resolve(ctx, r, conflict)
		case !again:
			return events.Position{}, fmt.Errorf("append %s: %w", r.Event.Kind(), err)
		}
		if err == nil || isOvertaken(err) || errors.Is(err, events.ErrRewound) {
			stripe.close(r)
			return pos, err
		}
		if events.Lasts(err) || !sleep(ctx, pause/2+rand.N(pause/2)) {
			return events.Position{}, outOfTime(r, stripe.isOpen(r), err)
		}
	}
}

// patiently asks the log something, again and again while it can't be reached, until
// the outage is a long one. The error is the last one, or ErrFenced.
func (s *Service) patiently(ctx context.Context, ask func() error) error {
	err := ask()
	for pause := firstPause; s.waitsFor(err) && !s.fenced() && sleep(ctx, pause); pause = min(2*pause, lastPause) {
		err = ask()
	}
	if s.fenced() {
		return ErrFenced
	}
	return err
}

// waitsFor reports that a failure passes and its outage is to be waited out, or
// takes note that the log has answered.
func (s *Service) waitsFor(err error) bool {
	switch {
	case events.Lasts(err):
		return false
	case errors.Is(err, events.ErrUnavailable):
		return s.down.Failed()
	case !errors.Is(err, events.ErrUnresolved):
		s.down.Reached()
	}
	return false
}

// resolve finds out what became of a record that was not acknowledged. The one
// that follows Prev in the account's history is this one (an acknowledgement was
// lost), or another's (the decision is overtaken), or there is none: then it is
// to be appended again. Either it was lost, or another publish is still in
// flight on a replicated stream (code 10164) and may yet fail, or Prev is no
// longer what it has to be; see rebase.
func (s *Service) resolve(ctx context.Context, r *events.Record, conflict bool) (events.Position, error) {
	next, prev, err := s.next(ctx, r.Account(), r.Prev)
	switch {
	case err == nil && next.ID == r.ID:
		return next.Position(), nil
	case err == nil:
		return events.Position{}, &overtakenError{by: next.Position()}
	case conflict && errors.Is(err, events.ErrNotFound):
		return events.Position{}, s.rebase(ctx, r, prev)
	}
	return events.Position{}, err
}

// rebase gives the record a Prev to succeed with where nothing follows the old
// one that a decision could depend on: only records that can't be decoded, the
// last of them at prev, or the end of a history that retention has removed. The
// error is never nil.
func (s *Service) rebase(ctx context.Context, r *events.Record, prev events.Seq) error {
	if r.Prev != prev {
		r.Prev = prev
		return events.ErrConflict
	}
	if r.Prev == 0 {
		return events.ErrConflict
	}
	last, err := s.cfg.Log.Last(ctx, r.Account())
	switch {
	case errors.Is(err, events.ErrNotFound):
		r.Prev = 0
	case err == nil && last.Seq < r.Prev:
		return fmt.Errorf("append %s: %w: it had %d of %s and has %d",
			r.Event.Kind(), events.ErrRewound, r.Prev, r.Account(), last.Seq)
	}
	return events.ErrConflict
}

// next is the account's first record after the sequence that can be decoded, or
// an error and the sequence of the last one that can't.
func (s *Service) next(ctx context.Context, account events.JID, after events.Seq) (events.Stored, events.Seq, error) {
	for {
		st, err := s.cfg.Log.Next(ctx, account, after)
		poison, ok := errors.AsType[*events.PoisonError](err)
		if !ok || poison.Seq <= after {
			return st, after, err
		}
		after = poison.Seq
	}
}

func outOfTime(r *events.Record, open bool, err error) error {
	if open {
		// Why nobody knows is for people: it may be that the log is unavailable, which
		// would say that nothing was stored.
		return fmt.Errorf("append %s: %w: %v", r.Event.Kind(), events.ErrUnresolved, err)
	}
	return fmt.Errorf("append %s: %w: %w", r.Event.Kind(), events.ErrUnavailable, err)
}

// sleep waits, and reports false if the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
