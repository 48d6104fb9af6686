package replay

import (
	"context"
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Tail gives the records after the sequence and then those to come, until ctx
// ends: an account's, or all if account is zero. It goes on over interruptions,
// each of which it reports once with an error that wraps events.ErrUnavailable.
// A record that can't be decoded is reported whoever it is of. The *Stored is
// valid until the next one is asked for.
func Tail(ctx context.Context, log events.Log, account events.JID, after events.Seq) iter.Seq2[*events.Stored, error] {
	account = account.Bare()
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range log.Follow(ctx, after) {
			if err == nil && !account.IsZero() && st.Account() != account {
				continue
			}
			if !yield(st, err) {
				return
			}
		}
	}
}
