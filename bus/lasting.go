package bus

import (
	"context"
	"fmt"
)

// last makes sure that a message stays in its stream before anybody acts on it. To
// whom a tail gives a message, that message has happened: a client sees its own
// presence come back as the answer to it, a contact is told, another process decides
// by it. Where the server leaves syncing to its process (see sync.go) it may still be
// lost with the power, and its sequence be another's then.
//
// Mostly the sync that whoever wrote the message waits for has begun by now, or is over,
// and serves this too. Otherwise one serves all messages that the server had when it
// sent this one, so that reading what has been there for long costs one. It also serves
// those that have come here by now: following what comes would take a sync for each
// message without that.
func (t *tail) last(ctx context.Context, d delivery) error {
	g, came := t.b.syncs.after(t.stream), len(t.msgs)
	if g == nil {
		t.lasting, t.served = d.seq+d.pending, came
		return nil
	}
	began, err := g.settle(ctx, d.seq, d.seq+d.pending)
	if err != nil {
		return fmt.Errorf("record %d: %w", d.seq, err)
	}
	if t.lasting, t.served = d.seq, 0; g.local {
		t.lasting = max(d.seq, g.Lasting())
	}
	if began {
		t.lasting, t.served = max(t.lasting, d.seq+d.pending), came
	}
	return nil
}

// awaitLasting does that until it works, for a message that was taken from the
// consumer is not given again. It reports false if ctx ended before, or yield does not
// want to go on, which is given the first error.
func (t *tail) awaitLasting(ctx context.Context, d delivery, yield func(delivery, error) bool) bool {
	for wait, reported := reopenMin, false; ; wait = min(2*wait, reopenMax) {
		err := t.last(ctx, d)
		if err == nil {
			return true
		}
		if ctx.Err() != nil || t.b.nc.IsClosed() || !reported && !yield(delivery{}, err) {
			return false
		}
		reported = true
		t.pause(ctx, wait)
	}
}
