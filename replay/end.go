package replay

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// EndOf is the sequence with which the log ends, or what it had stored before a time if
// that is not zero: whoever reads to there and goes on after it misses nothing and gets
// nothing twice. info is asked for before the reading begins; what is stored later has a
// greater sequence.
func EndOf(ctx context.Context, log events.Log, info events.Info, until time.Time) (events.Seq, error) {
	if until.IsZero() || info.LastAt.Before(until) {
		return info.Last, nil
	}
	for st, err := range log.Read(ctx, events.Range{Since: until, To: info.Last}) {
		seq, err := placeOf(st, err)
		return max(seq, 1) - 1, err
	}
	return info.Last, ctx.Err()
}

// placeOf is the sequence of a record, also of one that can't be decoded.
func placeOf(st *events.Stored, err error) (events.Seq, error) {
	switch poison, passed := errors.AsType[*events.PoisonError](err); {
	case passed:
		return poison.Seq, nil
	case err != nil:
		return 0, err
	}
	return st.Seq, nil
}
