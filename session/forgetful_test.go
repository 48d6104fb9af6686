package session_test

import (
	"context"
	"errors"
	"testing"

	"rollcall/bus/bustest"
	"rollcall/events"
)

// A forgetfulLog has a retention: records up to a sequence are gone, and an
// account that has no other has no last sequence any more.
type forgetfulLog struct {
	*bustest.Log
	forgotten events.Seq
}

// forget removes all there is.
func (l *forgetfulLog) forget(t *testing.T) {
	info, err := l.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.forgotten = info.Last
}

func (l *forgetfulLog) Append(ctx context.Context, r *events.Record) (events.Position, error) {
	last, err := l.Log.Last(ctx, r.Account())
	switch {
	case err != nil && !errors.Is(err, events.ErrNotFound):
		return events.Position{}, err
	case last.Seq > l.forgotten || last.Seq == 0:
		return l.Log.Append(ctx, r)
	case r.Prev != 0:
		return events.Position{}, events.ErrConflict
	}
	onTop := *r
	onTop.Prev = last.Seq
	return l.Log.Append(ctx, &onTop)
}

func (l *forgetfulLog) Next(ctx context.Context, account events.JID, after events.Seq) (events.Stored, error) {
	return l.Log.Next(ctx, account, max(after, l.forgotten))
}

func (l *forgetfulLog) Last(ctx context.Context, account events.JID) (events.Stored, error) {
	last, err := l.Log.Last(ctx, account)
	if err == nil && last.Seq <= l.forgotten {
		return events.Stored{}, events.ErrNotFound
	}
	return last, err
}
