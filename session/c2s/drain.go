package c2s

import (
	"context"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// Sending the clients of a connector to others, before it is stopped: a few at a time, so that
// the others are not logged in to by all at once, and each with the counts of stream management
// settled (XEP-0198, 4), so that a client knows which of its stanzas it need not send again.
// A session can't be resumed at another connector: what it was sent and has not acknowledged
// goes where it would have gone without it, as at each end of a session.

const (
	// partTime bounds the wait for the acknowledgements of a client that is sent away, and
	// for its own stanzas to arrive.
	partTime = 2 * time.Second
	// partLook is how often those are looked for that are late to go.
	partLook = 100 * time.Millisecond
)

// Drain sends all clients away, evenly over a time, with system-shutdown (RFC 6120, 4.9.3.20),
// which makes clients connect again. Sessions that wait for a connection end, too, and logins
// that have not been finished at once. by is who wants it, for the log. It returns when no
// session is left and the stanzas that clients have not acknowledged are where they go without
// them, or when ctx ends, whose error it returns then: those that are left stay. The caller lets
// no new connections come before.
func (s *Server) Drain(ctx context.Context, over time.Duration, by events.Actor) error {
	e := drained(by)
	s.streams.EndUnbound(e)
	list, begin := s.hub.all(), time.Now()
	for i, cl := range list {
		due := over / time.Duration(len(list)) * time.Duration(i)
		if err := pause(ctx, due-time.Since(begin)); err != nil {
			return err
		}
		cl.part(e)
	}
	for s.hub.size() > 0 {
		if err := pause(ctx, partLook); err != nil {
			return err
		}
		for _, cl := range s.hub.all() { // that had begun to log in before
			cl.part(e)
		}
	}
	return s.ending.wait(ctx)
}

// Sessions is how many are bound here, those that wait for a connection included.
func (s *Server) Sessions() int { return s.hub.size() }

// drained is how streams end at a connector that sends its clients away.
func drained(by events.Actor) stream.Ending {
	e := stream.SystemShutdown()
	e.Err = &stanza.StreamError{Condition: e.Err.Condition, Text: "please connect again: this server is about to stop"}
	e.Text, e.By = "drained", by
	return e
}

// part begins to send the client away. It does not wait, and may be called again.
func (cl *client) part(e stream.Ending) {
	c := cl.link.Load()
	switch {
	case c == nil && cl.parting.CompareAndSwap(false, true):
		cl.srv.ending.Go(func() { cl.end(e) })
	case c != nil && c.parting.CompareAndSwap(false, true):
		go func() {
			cl.awaitAcknowledged(c)
			c.BeginEnd(e)
		}()
	}
}

// awaitAcknowledged waits until the client has acknowledged what it was sent, which it is asked
// for whenever it has not.
func (cl *client) awaitAcknowledged(c *conn) {
	m := cl.managed.Load()
	if m == nil {
		return
	}
	settled := m.awaitAcks()
	if settled == nil {
		return
	}
	timeout := time.NewTimer(partTime)
	defer timeout.Stop()
	select {
	case <-settled:
	case <-c.read:
	case <-timeout.C:
	}
}

// tellLast tells the client, whose connection nothing more is read from, how many of its
// stanzas were handled.
func (cl *client) tellLast() {
	m := cl.managed.Load()
	if m == nil {
		return
	}
	h, _ := m.tally.final(cl, partTime)
	sendCount(cl, h)
}

// pause waits. It returns the error of ctx if that ends before.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
