package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

var (
	// ErrFuture: the moment is not over yet, so that nobody knows it.
	ErrFuture = errors.New("the moment is in the future")
	// ErrForgotten: retention has removed the log up to the moment and beyond.
	ErrForgotten = errors.New("the log no longer reaches back to the moment")
)

// A Moment is an instant, or the place of a record: what was true after it. At
// an instant, a record that was stored at it counts already. Set one of the
// fields; the zero Moment is the end of the log.
type Moment struct {
	Seq  events.Seq
	Time time.Time
}

// String gives the moment for people.
func (m Moment) String() string {
	switch {
	case m.Seq != 0:
		return fmt.Sprintf("sequence %d", m.Seq)
	case !m.Time.IsZero():
		return m.Time.Format(time.RFC3339Nano)
	}
	return "now"
}

// Instant is the moment on the clock: when its record was stored, and now for the end of
// the log. It is zero if the log does not know when that was.
func (m Moment) Instant(ctx context.Context, log events.Log) (at time.Time, err error) {
	switch {
	case !m.Time.IsZero():
		return m.Time, nil
	case m.Seq == 0:
		return time.Now(), nil
	}
	for st, err := range log.Read(ctx, events.Range{After: m.Seq - 1, To: m.Seq}) {
		poison, _ := errors.AsType[*events.PoisonError](err)
		switch {
		case poison != nil && poison.At != 0:
			return time.Unix(0, poison.At), nil
		case poison == nil && err != nil:
			return at, err
		case err == nil:
			return st.StoredAt(), nil
		}
	}
	return at, ctx.Err()
}

// until limits r to the records that had been stored by the moment.
func (m Moment) until(r events.Range, info events.Info) events.Range {
	r.To = info.Last
	switch {
	case m.Seq != 0:
		r.To = m.Seq
	case !m.Time.IsZero():
		r.Until = m.Time.Add(time.Nanosecond)
	}
	return r
}

// after limits r to the records stored after the moment.
func (m Moment) after(r events.Range, info events.Info) events.Range {
	switch {
	case m.Seq != 0:
		r.After = m.Seq
	case !m.Time.IsZero():
		r.Since = m.Time.Add(time.Nanosecond)
	default:
		r.After = info.Last
	}
	return r
}

// check refuses moments that the log can't answer for. info is its present.
func (m Moment) check(ctx context.Context, log events.Log, info events.Info) error {
	switch {
	case m.Seq > info.Last:
		return fmt.Errorf("%s: %w: the log ends at sequence %d", m, ErrFuture, info.Last)
	case m.Time.After(time.Now()):
		return fmt.Errorf("%s: %w", m, ErrFuture)
	case whole(info) || m == Moment{}:
		return nil
	case m.Seq != 0 && m.Seq < info.First:
		return fmt.Errorf("%s: %w: it begins at sequence %d", m, ErrForgotten, info.First)
	case m.Seq != 0:
		return nil
	}
	return m.checkTime(ctx, log, info)
}

// checkTime compares an instant with the first record that is left.
func (m Moment) checkTime(ctx context.Context, log events.Log, info events.Info) error {
	for st, err := range log.Read(ctx, events.Range{To: info.First}) {
		at, err := storedAt(st, err)
		if err != nil {
			return err
		}
		if first := time.Unix(0, at); m.Time.Before(first) {
			return fmt.Errorf("%s: %w: it begins at %s", m, ErrForgotten, first.Format(time.RFC3339Nano))
		}
	}
	return nil
}

// storedAt is when a record was stored, also one that can't be decoded.
func storedAt(st *events.Stored, err error) (int64, error) {
	switch poison, passed := errors.AsType[*events.PoisonError](err); {
	case passed:
		return poison.At, nil
	case err != nil:
		return 0, err
	}
	return st.At, nil
}

// whole reports that no record was removed from the log's beginning.
func whole(info events.Info) bool { return info.First <= 1 }
