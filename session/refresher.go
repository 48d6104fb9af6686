package session

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The pace of Refresh.
const (
	// refreshes is how many rounds there are in the time for which the log keeps a
	// record. A session that begins just after a round has begun is repeated at
	// the end of the third at the latest, when half of that time is over, so that
	// some rounds may fail.
	refreshes = 6
	// lookEvery is how often the log is asked how long it keeps records, which an
	// operator may change at any time.
	lookEvery = 5 * time.Second
	// staleTries bounds the attempts to repeat an account's sessions that change
	// all the time.
	staleTries = 8
)

// Refresh repeats, in the log, the sessions that this connector holds, so that
// those whose first records the log forgets stay known: to processes that start
// later, and so to whoever binds their full JIDs there. It goes on until ctx
// ends. A session that it can't repeat now it repeats in the next round.
//
// The sessions of a round are spread over it evenly. One that began less than a
// round before is left out, so that most logins cost nothing more. A log that
// keeps its records for ever gets none of these.
//
// Where the operator shortens the log's age, sessions that are older than the new
// one are unknown to a process that starts in the seconds until they are
// repeated.
func (s *Service) Refresh(ctx context.Context, held Holders) {
	r := refresher{Service: s, held: held}
	for ctx.Err() == nil {
		r.round(ctx)
	}
}

// A refresher is one call of Refresh.
type refresher struct {
	*Service
	held  Holders
	age   time.Duration // after which the log forgets; 0: never, or not known yet
	asked time.Time     // when the log said so
}

// round repeats each session once, over a part of the log's age. It is cut short
// when that changes.
func (r *refresher) round(ctx context.Context) {
	begun, length := time.Now(), r.age/refreshes
	if length == 0 {
		r.until(ctx, begun.Add(lookEvery))
		return
	}
	before := r.cfg.Clock().Add(-length).UnixNano()
	due := r.due(before)
	var g errgroup.Group
	defer g.Wait()
	g.SetLimit(parallel)
	for i, account := range due {
		if !r.until(ctx, begun.Add(length/time.Duration(len(due))*time.Duration(i))) {
			return
		}
		g.Go(func() error {
			r.refresh(ctx, account, before)
			return nil
		})
	}
	r.until(ctx, begun.Add(length))
}

// due are the accounts of this connector's sessions that began before an
// instant. Only their names are kept: a round may last for days.
func (r *refresher) due(before int64) (accounts []events.JID) {
	for a := range r.held.HeldBy(r.cfg.Connector) {
		for _, s := range a.Sessions() {
			if s.Since < before {
				accounts = append(accounts, a.JID())
				break
			}
		}
	}
	return accounts
}

// until waits for an instant. It reports false if ctx ended before, or the log
// has another age than it had.
func (r *refresher) until(ctx context.Context, at time.Time) bool {
	for {
		if time.Since(r.asked) >= lookEvery && r.look(ctx) {
			return false
		}
		left := time.Until(at)
		if left <= 0 {
			return ctx.Err() == nil
		}
		if !sleep(ctx, min(left, lookEvery)) {
			return false
		}
	}
}

// look asks for the log's age, and reports that it has changed. If the log
// can't be asked, its age is as it was.
func (r *refresher) look(ctx context.Context) (changed bool) {
	info, err := r.cfg.Log.Info(ctx)
	if err != nil {
		return false
	}
	changed = r.age != info.MaxAge
	r.age, r.asked = info.MaxAge, time.Now()
	return changed
}

// refresh repeats the account's sessions of this connector that began before an
// instant, as the table has them: this process knows the time of an event that
// it has just written by its own clock only, and the record must be exact.
func (r *refresher) refresh(ctx context.Context, account events.JID, before int64) {
	for range staleTries {
		a := r.cfg.Accounts.Account(account)
		if a == nil {
			return // its sessions have ended
		}
		now, _, err := r.Do(ctx, account, events.ConnID{}, Refresh{Holder: r.cfg.Connector, Begun: before, Account: a})
		if !errors.Is(err, errStale) || r.cfg.Accounts.WaitFor(ctx, events.Position{Seq: now.seq()}) != nil {
			return
		}
	}
}
