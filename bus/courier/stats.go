package courier

import "sync/atomic"

// counts are for operators.
type counts struct{ sent, received, repeated atomic.Uint64 }

// Stats is how many messages a Courier has accepted to send, has taken from others, and
// has sent again because nobody had answered for them.
type Stats struct{ Sent, Received, Repeated uint64 }

// Stats returns what was counted so far.
func (c *Courier) Stats() Stats {
	return Stats{Sent: c.counts.sent.Load(), Received: c.counts.received.Load(), Repeated: c.counts.repeated.Load()}
}
