package events

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Unbroken gives what Log.Read does. Of a range of all accounts' records it fails with
// ErrRewound where the log has forgotten what comes next after the record before, or
// after r.After, if that is not 0: retention may have overtaken the reader, and a fold
// would miss these records in silence. In a range of one account nobody can see that.
func Unbroken(ctx context.Context, log Log, r Range) iter.Seq2[*Stored, error] {
	if !r.Account.IsZero() {
		return log.Read(ctx, r)
	}
	return func(yield func(*Stored, error) bool) {
		next := r.After + 1
		for st, err := range log.Read(ctx, r) {
			seq := next
			if poison, ok := errors.AsType[*PoisonError](err); ok {
				seq = poison.Seq
			} else if err == nil {
				seq = st.Seq
			}
			if next == 1 {
				next = seq // from wherever the log begins
			}
			if err := ahead(ctx, log, next, seq); err != nil {
				yield(nil, err)
				return
			}
			next = seq + 1
			if !yield(st, err) {
				return
			}
		}
		if next == 1 {
			return
		}
		if err := ahead(ctx, log, next, r.To+1); err != nil {
			yield(nil, err)
		}
	}
}

// ahead fails if retention has removed records that were to come before another.
func ahead(ctx context.Context, log Log, next, before Seq) error {
	if next >= before || ctx.Err() != nil {
		return nil
	}
	info, err := log.Info(ctx)
	if err == nil && info.First > next {
		err = fmt.Errorf("%w: it begins at %d by now and has forgotten what came after %d", ErrRewound, info.First, next-1)
	}
	return err
}
