package main

import (
	"context"
	"iter"

	"rollcall/events"
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

// records is how many records a range has, or more if it is one of times.
func records(info events.Info, r events.Range) int {
	end := info.Last
	if r.To > 0 {
		end = min(end, r.To)
	}
	return int(end - min(end, max(r.After, max(info.First, 1)-1)))
}
