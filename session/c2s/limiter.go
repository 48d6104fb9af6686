package c2s

import (
	"context"

	"golang.org/x/time/rate"
)

// A session's changes are stored for good, and every connector reads them: a
// presence in the log, a roster or a node of personal eventing in its document.
// Beyond a burst, such stanzas are handled at a steady pace, and what the client
// sent after them waits with them, in its connection. Nothing is refused: the
// last presence of many is the one that must stay.

// burstOfChanges is for a client that brings a roster of its own along.
const burstOfChanges, changesPerSecond = 1000, 20

// burstOfPresence is how many seconds' worth of presence may come at once.
const burstOfPresence = 60

// A limiter is that of one session; nil: any.
type limiter struct{ presence, changes *rate.Limiter }

// newLimiter is the limiter for a client at the connection's address.
func newLimiter(c *conn) *limiter {
	n := c.srv.cfg.PresenceRate
	if n < 1 || !c.Origin().IsValid() {
		return nil
	}
	return &limiter{
		presence: rate.NewLimiter(rate.Limit(n), n*burstOfPresence),
		changes:  rate.NewLimiter(changesPerSecond, burstOfChanges),
	}
}

func (l *limiter) beforePresence() {
	if l != nil {
		await(l.presence)
	}
}

func (l *limiter) beforeChange() {
	if l != nil {
		await(l.changes)
	}
}

// await waits for one second at most: one stanza is handled after the other,
// and a limit allows for one a second at least. So nobody has to end the wait.
func await(l *rate.Limiter) {
	l.Wait(context.Background()) // never fails: one is within every burst
}
