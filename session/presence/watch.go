package presence

import (
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// What clients see of others: RFC 6121, 4.2 to 4.5, and the ends of sessions.
//
// Nobody sends presence around. It is in the log; every connector's table
// follows the log; and Observe, called at each event's place in it, hands the
// event to those of this connector's clients that may see it. A client that
// becomes available gets, at its own event's place, everybody's presence as of
// that very sequence. So everybody sees each change once, in one order, and the
// end of a session is seen whoever wrote it: its connector, an administrator,
// or the reaper after its connector was killed.

// Observe shows an event of the log: account was before, is after, and st is what
// happened. One goroutine calls it, in the order of the log, when Table has the
// event. It does not block.
func (s *Service) Observe(before, after *session.Account, st *events.Stored) {
	s.tail.Lock()
	defer s.tail.Unlock()
	was, is := before.Session(st.Session), after.Session(st.Session)
	watchers := s.watchersAt(after)
	switch e := st.Event.(type) {
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

// setAvailable notes of a session, if it is here, whether presence of others goes
// to it from now on. The caller holds the tail.
func (s *Service) setAvailable(ss *session.Session, on bool) *Resource {
	res := s.index.resource(ss)
	if res != nil {
		res.available.Store(on)
	}
	return res
}

// watchersAt moves what is known of an account to where it is now, and returns
// who is to be shown what happened: those who watch it and were not shown it
// when they began to.
func (s *Service) watchersAt(now *session.Account) []*account {
	c, by := s.index.contact(now.JID())
	if c == nil || now.Seq <= c.seq() {
		return nil
	}
	c.seen = now
	return by
}

// announce shows a session's presence to its watchers, to the account's own
// resources, itself included, and, if it is the initial one, everybody's
// presence to it.
func (s *Service) announce(is *session.Session, watchers []*account, account *session.Account, initial bool) {
	res := s.setAvailable(is, true)
	s.show(presenceOf(is), watchers)
	if initial && res != nil {
		s.greet(res, account)
	}
}

// show gives a presence to the resources here of its own account, and to those
// of watchers.
func (s *Service) show(p presence, watchers []*account) {
	account := p.from.Bare()
	if own := s.index.account(account); own != nil {
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
func (s *Service) showTo(a *account, p presence) {
	var b []byte
	for _, res := range s.index.resourcesOf(a) {
		if !res.available.Load() || s.blocks.between(p.from, res.jid) {
			continue
		}
		if b == nil {
			b = p.to(a.jid, false)
		}
		res.send(b)
	}
}

// greet answers the probes of an initial presence (RFC 6121, 4.2.2 and 4.3) for
// all contacts that are there; to say that the others are not would cost more
// than it tells (4.3.2, rule 3). It hands over the requests that wait for an
// answer (3.1.3).
func (s *Service) greet(res *Resource, own *session.Account) {
	for _, o := range own.Available() {
		if o.ID != res.id {
			res.send(presenceOf(o).to(res.home.jid, true))
		}
	}
	r := res.home.current()
	for jid := range r.Watched() {
		c, _ := s.index.contact(jid)
		if c == nil || jid == res.home.jid {
			continue
		}
		for _, o := range c.seen.Available() {
			if !s.blocks.between(o.JID(), res.jid) {
				res.send(presenceOf(o).to(res.home.jid, true))
			}
		}
	}
	for request := range r.Requests() {
		if !s.blocks.between(request.From, res.jid) {
			res.send(request.Stanza)
		}
	}
}

// retract shows that a session is no longer available: to its watchers, and to
// those whom it directed presence to.
func (s *Service) retract(was *session.Session, watchers []*account, text string) {
	p := presence{from: was.JID(), text: text}
	if text == "" {
		p.text = unavailable
	}
	if was.Available() {
		s.show(p, watchers)
	}
	for _, to := range was.Directed() {
		if !s.blocks.of(was.JID()).blocks(to) { // or it has seen the end; see turnDirected
			s.retractDirected(was, to, p)
		}
	}
}

// closed shows the end of a session, whoever wrote it.
func (s *Service) closed(was *session.Session, watchers []*account, e events.Closed) {
	s.setAvailable(was, false) // its stream is over; it is not told of itself
	s.cfg.Ended(was.ID, e)
	s.retract(was, watchers, "")
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
	return presence{from: s.JID(), text: s.Presence, at: s.PresenceAt}
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
