package c2s

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/stanza"
)

// What clients see of others: RFC 6121, 4.2 to 4.5, and the ends of sessions.
//
// Nobody sends presence around. It is in the log; every connector's table
// follows the log; and Observe, called at each event's place in it, hands the
// event to those of this connector's clients who may see it. A client that
// becomes available gets, at its own event's place, what is so at that very
// sequence. So everybody sees each change once, in one order, and the end
// of a session is seen whoever wrote it: its connector, an administrator, or
// the reaper after its connector was killed.

// Observe follows the live tail of the log: account was before, is after, and
// st is what happened. One goroutine calls it, in the order of the log; it does
// not block.
func (s *Server) Observe(before, after *session.Account, st *events.Stored) {
	s.tail.Lock()
	defer s.tail.Unlock()
	was, is := before.Session(st.Session), after.Session(st.Session)
	watchers := s.watchersAt(after)
	defer s.router.FetchAfter(was, is)
	switch e := st.Event.(type) {
	case events.Authenticated:
		if st.Connector.Name != s.self().Name {
			s.logins.count(after.JID, time.Unix(0, st.Time))
		}
	case events.PresenceAvailable:
		if is != nil && is.Available() {
			s.announce(is, watchers, after, was == nil || !was.Available())
		}
	case events.Bound:
		// Where the log had forgotten a session, another could bind its full JID.
		if o := before.Resource(st.JID.Resource()); o != nil && after.Session(o.ID) == nil {
			s.closed(o, watchers, events.Closed{Reason: events.ReasonReplaced})
		}
	case events.Refreshed:
		// Of a session that this table did not know.
		if was == nil && is.Available() {
			s.announce(is, watchers, after, true)
		}
	case events.PresenceUnavailable:
		if was != nil {
			s.retract(was, watchers, e.Stanza)
			s.setAvailable(was, false)
		}
	case events.Closed:
		if was != nil {
			s.closed(was, watchers, e)
		}
	}
}

// awaitRoutes waits for the table to route by what is stored at p. It comes before
// every answer that promises as much, for the client may rely on it with its next
// stanza, or tell others to (RFC 6120, 7.1; XEP-0280, 4). An error ends the
// stream: what the client asked for is stored, and does not hold yet.
func (s *Server) awaitRoutes(ctx context.Context, p events.Position) error {
	if err := s.cfg.Table.WaitFor(ctx, p); err != nil {
		return fmt.Errorf("%w: wait for the table: %w", events.ErrUnresolved, err)
	}
	return nil
}

// learnEnd waits for Observe to come by the end of a session of which the log
// has told us that it is over: it knows why.
func (s *Server) learnEnd(a *session.Account) {
	if a != nil {
		s.router.Reach(events.Position{Seq: a.Seq})
	}
}

// setAvailable notes of a session, if it is here, whether presence of others goes
// to it from now on. The caller holds the tail.
func (s *Server) setAvailable(ss *session.Session, on bool) *client {
	cl := s.hub.client(ss.ID)
	if cl != nil {
		cl.available.Store(on)
	}
	return cl
}

// watchersAt moves what is known of an account to where it is now, and returns
// who is to be shown what happened: those who watch it and were not shown it
// when they began to.
func (s *Server) watchersAt(now *session.Account) []*account {
	c, by := s.hub.contact(now.JID)
	if c == nil || now.Seq <= c.seq() {
		return nil
	}
	c.seen = now
	return by
}

// announce shows a session's presence to its watchers, to the account's own
// resources, itself included, and, if it is the initial one, everybody's
// presence to it.
func (s *Server) announce(is *session.Session, watchers []*account, account *session.Account, initial bool) {
	cl := s.setAvailable(is, true)
	s.show(presenceOf(is), watchers)
	if initial && cl != nil {
		s.greet(cl, account)
	}
}

// show gives a presence to the resources here of its own account, and to those
// of watchers.
func (s *Server) show(p presence, watchers []*account) {
	account := p.from.Bare()
	if own := s.hub.account(account); own != nil {
		s.showTo(own, p)
	}
	for _, w := range watchers {
		if w.jid != account {
			s.showTo(w, p)
		}
	}
}

// showTo shows a presence to the account's available resources here: one stanza
// for all of them, addressed to the account as in the examples of 4.2.2.
func (s *Server) showTo(a *account, p presence) {
	var b []byte
	for _, cl := range s.hub.clientsOf(a) {
		if !cl.available.Load() || s.blocks.between(p.from, cl.jid) {
			continue
		}
		if b == nil {
			b = p.to(a.jid, false)
		}
		cl.send(b)
	}
}

// greet answers the probes of an initial presence (RFC 6121, 4.2.2 and 4.3) for
// all contacts that are there; to say of the others that they are not would
// cost more than it tells (4.3.2, rule 3). It hands over the requests that wait
// for an answer (3.1.3).
func (s *Server) greet(cl *client, own *session.Account) {
	for _, o := range own.Available() {
		if o.ID != cl.session {
			cl.send(presenceOf(o).to(cl.account, true))
		}
	}
	r := cl.home.current()
	for jid := range r.Watched() {
		c, _ := s.hub.contact(jid)
		if c == nil || jid == cl.account {
			continue
		}
		for _, o := range c.seen.Available() {
			if !s.blocks.between(o.JID, cl.jid) {
				cl.send(presenceOf(o).to(cl.account, true))
			}
		}
	}
	for request := range r.Requests() {
		if !s.blocks.between(request.From, cl.jid) {
			cl.send(request.Stanza)
		}
	}
}

// retract shows that a session is no longer available: to its watchers, and to
// whom it directed presence.
func (s *Server) retract(was *session.Session, watchers []*account, text string) {
	p := presence{from: was.JID, text: text}
	if text == "" {
		p.text = unavailable
	}
	if was.Available() {
		s.show(p, watchers)
	}
	for _, to := range was.Directed() {
		if !s.blocks.of(was.JID).blocks(to) { // or it has seen the end; see turnDirected
			s.retractDirected(was, to, p)
		}
	}
}

// retractDirected leaves out who has just seen it as a watcher.
func (s *Server) retractDirected(was *session.Session, to events.JID, p presence) {
	a := s.hub.account(to.Bare())
	if a == nil {
		return
	}
	watches := was.Available() && (a.jid == was.JID.Bare() || a.current().Watches(was.JID.Bare()))
	for _, cl := range s.hub.clientsOf(a) {
		seen := watches && cl.available.Load()
		if !seen && (to == cl.jid || to.IsBare() && cl.available.Load()) {
			cl.send(p.to(to, false))
		}
	}
}

// closed ends the stream of a session whose end somebody wrote, and shows it.
func (s *Server) closed(was *session.Session, watchers []*account, e events.Closed) {
	s.setAvailable(was, false) // its stream is over; it is not told of itself
	if cl := s.hub.client(was.ID); cl != nil {
		cl.endSoon(endingByLog(e))
	} else if c := s.hub.conn(was.ID); c != nil && e.Reason != events.ReasonResumed {
		c.End(endingByLog(e))
	}
	s.retract(was, watchers, "")
}

// showDirected hands out directed presence if the session that sent it is there and
// its recipients will be shown its end. Directed presence comes beside the log, so
// that the end in the log may have come before it, and so may the recipient's being
// blocked: who got it then would see the session for ever.
func (s *Server) showDirected(directed *stanza.Element, hand func()) {
	s.tail.Lock()
	defer s.tail.Unlock()
	from, _ := directed.From()
	to, _ := directed.To()
	sender := s.cfg.Table.Session(from)
	if sender == nil || s.blocks.of(from).blocks(to) {
		return
	}
	a := s.hub.account(to.Bare())
	watches := to.Bare() == from.Bare() || a != nil && a.current().Watches(from.Bare())
	if slices.Contains(sender.Directed(), to) || watches && sender.Available() {
		hand()
	}
}

// unavailable is the presence of a session that ended without a word.
const unavailable = "<presence type='unavailable'/>"

// A presence is one as the log has it, and whose.
type presence struct {
	from events.JID
	text string // begins with "<presence" and has neither from nor to
	at   int64  // when it was stored, Unix nanoseconds
}

func presenceOf(s *session.Session) presence {
	return presence{from: s.JID, text: s.Presence, at: s.PresenceAt}
}

// to is the stanza for one recipient. A late one says since when it is true
// (XEP-0203).
func (p presence) to(recipient events.JID, late bool) []byte {
	const name = "<presence"
	b := make([]byte, 0, len(p.text)+160)
	b = append(b, name...)
	b = stanza.AppendAttr(b, "from", p.from.String())
	b = stanza.AppendAttr(b, "to", recipient.String())
	b = append(b, p.text[len(name):]...)
	if late {
		b = stanza.AppendDelay(b, p.from.Domain(), time.Unix(0, p.at))
	}
	return b
}
