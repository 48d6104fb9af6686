package main

import (
	"context"
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A log is read upwards. So the last events are looked for in windows from its end down,
// each time four times as large a one, up to maxWindow.
const (
	firstWindow = 1 << 10 // sequences
	maxWindow   = 1 << 16
)

// beginOfLast is the sequence after which there are the last events that are meant, as many
// as are asked for. It tells at where it looks.
func (q *eventsQuery) beginOfLast(ctx context.Context, log events.Log, info events.Info, at func(context.Context, events.Seq) error) (events.Seq, error) {
	bottom, left := max(events.Seq(q.after), max(info.First, 1)-1), q.last
	for top, size := info.Last, events.Seq(firstWindow); top > bottom; size = min(4*size, maxWindow) {
		if q.filter.Few() { // of the records read all are meant, or nearly so
			size = top
		}
		window := q.rangeOf(max(bottom, top-min(size, top)), top)
		var found []events.Seq
		for st, err := range q.filter.Read(ctx, log, window) {
			poison, _ := errors.AsType[*events.PoisonError](err)
			switch {
			case poison != nil && q.filter.Damaged():
				found = append(found, poison.Seq)
			case poison != nil:
			case err != nil:
				return 0, err
			case q.filter.Event(st):
				found = append(found, st.Seq)
			}
			if st != nil {
				if err := at(ctx, st.Seq); err != nil {
					return 0, err
				}
			}
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if len(found) >= left {
			return found[len(found)-left] - 1, nil
		}
		top, left = window.After, left-len(found)
	}
	return bottom, nil
}
