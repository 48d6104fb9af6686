package main

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// A counted log counts the records that are read.
type counted struct {
	events.Log
	read int
}

func (l *counted) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range l.Log.Read(ctx, r) {
			if l.read++; !yield(st, err) {
				return
			}
		}
	}
}

// Wherever they stand in a log of several windows, and of a long log little is read.
func TestTheLastEventsAreFoundFromTheEnd(t *testing.T) {
	t.Parallel()
	log, account := &counted{Log: bustest.NewLog()}, events.StoredJID("alice@localhost")
	last := events.Seq(0)
	for i := range 5000 {
		r := events.Record{ID: events.NewEventID(time.Now()), JID: account, Prev: last, Connector: events.Incarnation{Name: "c1", Epoch: 1}, Event: events.Closed{Reason: events.ReasonClient}}
		if i%1500 == 0 { // at 1, 1501, 3001 and 4501
			r.Event = events.Closed{Reason: events.ReasonKicked}
		}
		at, err := log.Append(t.Context(), &r)
		if err != nil {
			t.Fatal(err)
		}
		last = at.Seq
	}
	info, err := log.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		filter string
		last   int
		after  uint64
		want   events.Seq // the first that is shown
		most   int        // records that are read
	}{
		{"", 10, 0, 4991, 1024}, {"", 4000, 0, 1001, 5000}, {"", 9000, 0, 1, 5000},
		{"reason:kicked", 1, 0, 4501, 1024}, {"reason:kicked", 2, 0, 3001, 5000}, {"reason:kicked", 9, 2000, 2001, 3000},
	} {
		log.read = 0
		q := eventsQuery{last: c.last, after: c.after, span: replay.Span{}}
		if q.filter, err = filter.Parse(c.filter); err != nil {
			t.Fatal(err)
		}
		after, err := q.beginOfLast(t.Context(), log, info, func(context.Context, events.Seq) error { return nil })
		if err != nil || after+1 != c.want || log.read > c.most {
			t.Errorf("the last %d of %q after %d begin with %d, %v, want %d; %d records were read, want %d at most", c.last, c.filter, c.after, after+1, err, c.want, log.read, c.most)
		}
	}
}
