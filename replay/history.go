package replay

import (
	"context"
	"fmt"
	"iter"
	"time"

	"rollcall/events"
	"rollcall/session"
)

// A Step is a record of an account's history and what it did. Before is nil for
// the first one. If the two have the same sessions, the record changed nothing
// that routing sees.
type Step struct {
	*events.Stored
	Before, After *session.Account
}

// History gives what happened to an account, stored at or after since and
// before until; a zero time sets no limit. What came before since is read too,
// for the sake of Before.
func History(ctx context.Context, log events.Log, account events.JID, since, until time.Time) iter.Seq2[Step, error] {
	return func(yield func(Step, error) bool) {
		for step, err := range steps(ctx, log, events.Range{Account: account.Bare(), Until: until}) {
			at, failed := storedAt(step.Stored, err)
			if failed == nil && !since.IsZero() && time.Unix(0, at).Before(since) {
				continue
			}
			if !yield(step, err) {
				return
			}
		}
	}
}

// steps folds the records of one account.
func steps(ctx context.Context, log events.Log, r events.Range) iter.Seq2[Step, error] {
	return func(yield func(Step, error) bool) {
		var before *session.Account
		for st, err := range log.Read(ctx, r) {
			poison, err := pass(err)
			switch {
			case err != nil:
				yield(Step{}, fmt.Errorf("read the history of %s: %w", r.Account, err))
				return
			case poison != nil:
				if !yield(Step{}, poison) {
					return
				}
				continue
			}
			after := session.Apply(before, st)
			if !yield(Step{st, before, after}, nil) {
				return
			}
			before = after
		}
		// A history that was cut short must not look like a whole one.
		if err := ctx.Err(); err != nil {
			yield(Step{}, fmt.Errorf("read the history of %s: %w", r.Account, err))
		}
	}
}
