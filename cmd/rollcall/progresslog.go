package main

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A progressLog shows on a terminal how far it is read, for to read all of a
// long log takes seconds.
type progressLog struct {
	events.Log
	con *console
}

// Read implements events.Log.
func (w progressLog) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	if !r.Account.IsZero() || !w.con.errTerminal() {
		return w.Log.Read(ctx, r)
	}
	return func(yield func(*events.Stored, error) bool) {
		info, err := w.Info(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		if info.Last, err = w.before(ctx, r.Until, info.Last); err != nil {
			yield(nil, err)
			return
		}
		var shown progress
		shown.start(w.con, "reading the log", records(info, r))
		defer shown.stop()
		for st, err := range w.Log.Read(ctx, r) {
			shown.add(1)
			if !yield(st, err) {
				return
			}
		}
	}
}

// before is the last record that was stored before a time, or last if that is zero.
func (w progressLog) before(ctx context.Context, until time.Time, last events.Seq) (events.Seq, error) {
	if until.IsZero() {
		return last, nil
	}
	for st, err := range w.Log.Read(ctx, events.Range{Since: until}) {
		switch poison, is := errors.AsType[*events.PoisonError](err); {
		case is:
			return poison.Seq - 1, nil
		case err != nil:
			return last, err
		}
		return st.Seq - 1, nil
	}
	return last, nil
}

// records is how many records a range has, up to the log's last; more if it begins with a time.
func records(info events.Info, r events.Range) int {
	end := info.Last
	if r.To > 0 {
		end = min(end, r.To)
	}
	return int(end - min(end, max(r.After, max(info.First, 1)-1)))
}
