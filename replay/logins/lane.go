package logins

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A window is how much of a stream is read upwards at once to read it backwards, in
// sequences: at first, and when that has grown.
type window struct{ first, most events.Seq }

// Before authentication a sequence has some hundred records.
var (
	logWindow = window{1000, 50_000}
	preWindow = window{10, 500}
)

// A reader reads a stream by sequences.
type reader func(context.Context, events.Range) iter.Seq2[*events.Stored, error]

// A lane is one of the two streams while it is read.
type lane struct {
	*Question
	read  reader
	size  window
	few   bool                   // it gives the records of some accounts alone, which seem to be few
	login func(events.Kind) bool // the kinds that tell of logins here
	low   events.Seq             // of the part that is read
	high  events.Seq             // up to and including it; 0: nothing is read

	cut   Cut            // up to where it was read
	head  *events.Stored // the next, if it was found
	ended bool           // there are no more
	next  func() (*events.Stored, error, bool)
	stop  func()
}

// open finds where the stream is to be read, and stands at the beginning of that, or where
// the question says. all reads all of the stream.
func (l *lane) open(ctx context.Context, describe func(context.Context) (events.Info, error), all reader) error {
	info, err := describe(ctx)
	if err != nil {
		return err
	}
	if l.low = info.First; l.canMean() {
		l.high = info.Last
	}
	if err := l.limit(ctx, all); err != nil {
		return err
	}
	steps := l.upwards
	switch {
	case l.Newest:
		steps = l.downwards
		if l.From == nil {
			l.cut = Cut{Seq: l.high + 1}
		}
	case l.From == nil:
		l.cut = Cut{Seq: l.low}
	}
	l.next, l.stop = iter.Pull2(steps(ctx))
	return nil
}

// canMean reports that the filter can mean a login of the stream.
func (l *lane) canMean() bool {
	for _, k := range []events.Kind{events.KindAuthenticated, events.KindResumed, events.KindAuthFailed} {
		if l.login(k) && l.Filter.May(k) {
			return true
		}
	}
	return false
}

// limit finds the sequences of the span of time, so that no others have to be looked at.
func (l *lane) limit(ctx context.Context, all reader) error {
	if !l.Since.IsZero() && l.high > 0 {
		first, err := from(ctx, all, l.Since)
		if err != nil {
			return err
		}
		switch l.low = max(l.low, first); {
		case first == 0 && l.Newest:
			l.high = 0 // there is nothing before it
		case first == 0:
			l.low = l.high + 1 // what comes is after it
		}
	}
	if !l.Until.IsZero() && l.high > 0 {
		first, err := from(ctx, all, l.Until)
		if err != nil {
			return err
		}
		if first > 0 {
			l.high = first - 1
		}
	}
	return nil
}

// from is the sequence of the first record that was stored at a time or later; 0: none was.
func from(ctx context.Context, all reader, at time.Time) (events.Seq, error) {
	for st, err := range events.Intact(all(ctx, events.Range{Since: at})) {
		if err != nil {
			return 0, err
		}
		return st.Seq, nil
	}
	return 0, ctx.Err()
}

// means reports a login that is meant.
func (l *lane) means(st *events.Stored) bool {
	return l.login(st.Event.Kind()) && l.Filter.Event(st) &&
		!st.StoredAt().Before(l.Since) && (l.Until.IsZero() || st.StoredAt().Before(l.Until))
}

// upwards gives what is meant from the cut on, and moves it past what is not.
func (l *lane) upwards(ctx context.Context) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		from := max(l.cut.Seq, l.low)
		if l.high < from {
			if l.ended = true; l.cut.Seq < from {
				l.cut = Cut{Seq: from}
			}
			return
		}
		for st, err := range events.Intact(l.read(ctx, events.Range{After: max(from, 1) - 1, To: l.high})) {
			switch {
			case err != nil:
				yield(nil, err)
				return
			case l.cut.has(st):
			case !l.Go():
				return
			case !l.means(st):
				l.cut = Cut{st.Seq, st.Part + 1}
			case !yield(st, nil):
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
			return
		}
		l.ended, l.cut = true, Cut{Seq: max(l.cut.Seq, l.high+1)}
	}
}

// downwards gives what is meant before the cut, the newest first, window by window.
func (l *lane) downwards(ctx context.Context) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for size, more := l.size.first, true; more; size *= 4 {
			high := min(l.cut.Seq, l.high)
			if high < l.low || high == 0 || l.cut == (Cut{Seq: l.low}) {
				l.ended = true
				return
			}
			if !l.few {
				size = min(size, l.size.most)
			}
			low := max(l.low, high-min(high, size)+1)
			var list []*events.Stored
			var err error
			list, more, err = l.between(ctx, low, high)
			if errors.Is(err, errWide) {
				l.few, size, more = false, l.size.most/4, true
				continue
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, st := range slices.Backward(list) {
				if !yield(st, nil) {
					return
				}
			}
			l.cut = Cut{Seq: low}
		}
	}
}

// errWide: a window that was wide because it seemed to have few records has many.
var errWide = errors.New("too many records in a window")

// between are the logins that are meant of a range of sequences, before the cut, and
// whether to go on with another. It fails with errWide rather than hold many.
func (l *lane) between(ctx context.Context, low, high events.Seq) (list []*events.Stored, more bool, err error) {
	more = true
	n, wide := events.Seq(0), high-low >= l.size.most
	for st, err := range events.Intact(l.read(ctx, events.Range{After: low - 1, To: high})) {
		if err != nil {
			return nil, false, err
		}
		if !l.cut.has(st) {
			continue
		}
		if more = l.Go() && more; l.means(st) {
			list = append(list, st)
		}
		if n++; wide && (n == l.size.most || !more) {
			return nil, false, errWide
		}
	}
	return list, more, ctx.Err()
}

// look finds the next record, unless it was found.
func (l *lane) look() (err error) {
	if l.head != nil || l.ended {
		return nil
	}
	st, err, ok := l.next()
	if ok {
		l.head = st
	}
	return err
}

// take gives the record that was found, and moves the cut past it.
func (l *lane) take() (st *events.Stored) {
	st, l.head = l.head, nil
	l.cut = Cut{st.Seq, st.Part}
	if !l.Newest {
		l.cut.Parts++
	}
	return st
}
