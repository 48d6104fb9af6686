package c2s

import (
	"context"
	"crypto/subtle"
	"errors"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// A session without a connection: XEP-0198, 5. A client is detached when its
// connection is lost and resumption was granted. It stays bound, available and
// routed to; stanzas to it wait. Others are told nothing.

// lose is called once for each connection that the client had, by its
// goroutine, when nothing more is read from it. The session is kept or ends.
func (cl *client) lose(c *conn, e stream.Ending) {
	cl.life.Lock()
	defer cl.life.Unlock()
	if cl.link.Load() != c {
		return // another connection has taken over
	}
	m := cl.managed.Load()
	if m == nil || m.token == "" || !resumable(e) {
		cl.finish(e)
		return
	}
	cl.detach(m, e.Reason)
}

// detach begins the wait for another connection. The caller holds life.
func (cl *client) detach(m *smState, reason events.Reason) {
	m.mu.Lock()
	cl.link.Store(nil)
	m.requested = false
	m.mu.Unlock()
	cl.svc.End(context.Background(), cl.account, cl.id, session.Detach{
		Session: cl.session, Reason: reason, Now: time.Now().UnixNano(),
	})
	cl.srv.router.Reach(cl.sender.After) // a session that has just begun may not be in the table yet
	switch s := cl.srv.cfg.Table.Account(cl.account).Session(cl.session); {
	case s == nil:
		// Its end came by while it still had the connection. One that comes from
		// now on finds it without.
		cl.finish(stream.Ending{Recorded: true})
		return
	default:
		if e, banned := cl.srv.banOf(s); banned { // meanwhile, likewise
			cl.finish(e)
			return
		}
	}
	m.expiry = time.AfterFunc(m.max, func() { cl.srv.ending.Go(cl.expire) })
}

// expire ends a session that nobody has resumed in time.
func (cl *client) expire() {
	cl.life.Lock()
	defer cl.life.Unlock()
	if cl.link.Load() == nil {
		cl.finish(stream.Ending{Reason: events.ReasonTimeout, Text: "not resumed in time"})
	}
}

// overflow ends a session that acknowledges nothing.
func (cl *client) overflow() {
	cl.srv.stats.limits[LimitUnacknowledged].Add(1)
	e := stream.Ending{
		Err:    &stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "too many stanzas are not acknowledged"},
		Reason: events.ReasonOverload,
	}
	cl.end(e)
}

// endSoon is end for a caller that must not wait: to end a detached session takes time.
func (cl *client) endSoon(e stream.Ending) {
	if c := cl.link.Load(); c != nil {
		c.End(e)
		return
	}
	cl.srv.ending.Go(func() { cl.end(e) })
}

// end ends the session, with its connection or without one.
func (cl *client) end(e stream.Ending) {
	if c := cl.link.Load(); c != nil {
		c.End(e)
		return
	}
	cl.life.Lock()
	defer cl.life.Unlock()
	if c := cl.link.Load(); c != nil {
		c.End(e) // it was resumed meanwhile
		return
	}
	cl.finish(e)
}

// finish ends the session for good: nothing more is delivered to it, the log
// learns of it, and the stanzas that it has not acknowledged go elsewhere. It
// may be called again. The caller holds life.
func (cl *client) finish(e stream.Ending) {
	if !cl.recipient.End(func() bool { return cl.srv.hub.removeClient(cl) }) {
		return
	}
	if !e.Recorded {
		cl.sender.Barrier() // before others see the end
	}
	if m := cl.managed.Load(); m != nil {
		cl.giveBack(m, e)
	}
	if !e.Recorded {
		cl.svc.End(context.Background(), cl.account, cl.id, session.Close{Session: cl.session, Reason: e.Reason, Text: e.Text, By: e.By})
	}
}

// giveBack sends the stanzas that the client has not acknowledged where they go
// without it.
func (cl *client) giveBack(m *smState, e stream.Ending) {
	if m.expiry != nil {
		m.expiry.Stop()
	}
	if m.token != "" && e.Reason != events.ReasonClient { // whoever closes its stream does not come back for it
		told := m.tally.told()
		h, _ := m.tally.final(cl, 0)
		cl.srv.ended.add(endedKeyOf(cl.account, resumptionID(cl.session, m.token)), m.known(h, told))
	}
	cl.srv.router.Return(cl.session, m.take(), cl.sender.After)
}

// resume answers <resume/> on an authenticated stream without a resource. On
// success the stream is the session's from then on.
func (c *conn) resume(el *stanza.Element) error {
	if el.Local() != "resume" {
		c.sendFailed(stanza.UnexpectedRequest)
		return nil
	}
	failed, err := c.resumeAs(el, func(_ *client, resumed []byte) { c.Send(resumed) })
	if failed != nil {
		c.Send(failed)
	}
	return err
}

// resumeAs resumes the session that is asked for, or returns the element that
// says why not. tell is called to tell the client of it, before anything is sent
// again.
func (c *conn) resumeAs(el *stanza.Element, tell func(cl *client, resumed []byte)) (failed []byte, err error) {
	h, err := strconv.ParseUint(el.Attr("h"), 10, 32)
	if err != nil {
		return appendFailed(nil, stanza.BadRequest), nil
	}
	cl := c.resumed(el.Attr("previd"))
	if cl == nil {
		return c.tooLate(el.Attr("previd")), nil
	}
	cl.life.Lock()
	defer cl.life.Unlock()
	// A connection that still looks alive is taken over. Its goroutine stops
	// counting before ours tells the count.
	if old := cl.link.Load(); old != nil {
		old.End(stream.Ending{
			Err:    &stanza.StreamError{Condition: stanza.StreamConflict, Text: "the session was resumed on another connection"},
			Reason: events.ReasonResumed,
		})
		<-old.read
	}
	m := cl.managed.Load()
	if handled, all := m.tally.final(cl, resumeTime); !all {
		if cl.link.Load() != nil {
			cl.detach(m, events.ReasonConnectionLost) // of the one that was taken
		}
		return unsettled(handled), nil
	}
	err = c.takeOver(cl)
	if errors.Is(err, session.ErrNotResumable) {
		return c.tooLate(el.Attr("previd")), nil
	}
	if err != nil {
		return nil, err
	}
	return nil, m.attach(cl, c, uint32(h), tell)
}

// resumed finds the session that a resumption id names, if it is one of this
// client's.
func (c *conn) resumed(id string) *client {
	prev, token, ok := parseResumptionID(id)
	if !ok {
		return nil
	}
	cl := c.srv.hub.client(prev)
	if cl == nil || cl.account != c.account {
		return nil
	}
	m := cl.managed.Load()
	if m == nil || m.token == "" || subtle.ConstantTimeCompare([]byte(m.token), []byte(token)) != 1 {
		return nil
	}
	return cl
}

// takeOver makes the connection the client's. The caller holds the client's
// life.
func (c *conn) takeOver(cl *client) error {
	m := cl.managed.Load()
	_, pos, err := c.svc.Do(context.Background(), c.account, c.ID(), session.Resume{
		Session: c.session, Previous: cl.session, TokenHash: tokenHash(m.token),
		Address: c.Address(), Now: time.Now().UnixNano(),
	})
	if errors.Is(err, session.ErrNotResumable) {
		return err
	}
	if err != nil {
		if cl.link.Load() != nil {
			cl.detach(m, events.ReasonConnectionLost) // of the one that was taken
		}
		return err
	}
	if m.expiry != nil {
		m.expiry.Stop()
	}
	cl.id, cl.sender.After = c.ID(), pos
	c.srv.hub.moveConn(c, cl.session)
	c.MarkBound()
	c.client.Store(cl)
	cl.activate() // XEP-0352, 5.1: what was held is sent with the rest
	return nil
}

// attach sends again, in order, exactly the stanzas that the client has not
// handled, and then new ones, which wait for the mutex.
func (m *smState) attach(cl *client, c *conn, h uint32, tell func(*client, []byte)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	cl.link.Store(c)
	if err := m.drop(h); err != nil {
		return err
	}
	b := stanza.AppendAttr([]byte("<resumed xmlns='"+stanza.NSStreamMgmt+"'"), "previd", resumptionID(cl.session, m.token))
	tell(cl, append(stanza.AppendAttr(b, "h", formatCount(m.tally.handled)), "/>"...))
	for _, o := range m.unacked {
		c.Send(o.Stanza)
	}
	m.requested = false
	m.request(c)
	return nil
}
