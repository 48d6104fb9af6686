package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A warningLog tells the operator of events that the log does not take. Each
// client is told by its connector, but those who could mend it would not know: a
// server whose disk is full only falls silent. The embedded one goes on by itself
// when there is room, another must be started again.
type warningLog struct {
	events.Log
	log *slog.Logger
}

// Append implements events.Log. A conflict is no failure, but how two writers
// take turns.
func (l warningLog) Append(ctx context.Context, r *events.Record) (events.Position, error) {
	at, err := l.Log.Append(ctx, r)
	if err != nil && ctx.Err() == nil && !errors.Is(err, events.ErrConflict) {
		l.log.Warn("the log does not take events; if its disk is full, make room, and start a NATS of your own again", "error", err)
	}
	return at, err
}
