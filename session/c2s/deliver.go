package c2s

import (
	"context"
	"iter"
	"slices"
	"time"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/stanza"
)

// catchUp bounds the wait for the table, or for what is on its way. Past it order
// is given up for the sake of delivery.
const catchUp = 2 * time.Second

// deliver sends a parcel's stanza to sessions of any connectors: to those here
// at once, to the others by one parcel for each connector, which on takes note
// of. It reports whether the stanza went to anybody; an error says that it did
// not because a connector takes no more. It does not keep the stanza.
//
// One parcel at most may be sent on when its recipients have gone, and none if
// somebody here has got the stanza: otherwise it would be delivered twice.
func (s *Server) deliver(p parcel, to []*session.Session, on *way) (sent bool, err error) {
	self := s.self()
	sent = s.handOut(p, func(yield func(events.SessionID) bool) {
		for _, t := range to {
			if !yield(t.ID) {
				return
			}
		}
	})
	for i, t := range to {
		if s.hub.client(t.ID) != nil || t.Connector == self || heldBy(to[:i], t.Connector) {
			continue
		}
		p.final = p.final || sent
		p.to = p.to[:0]
		for _, o := range to[i:] {
			if o.Connector == t.Connector {
				p.to = append(p.to, o.ID)
			}
		}
		number, failed := s.cfg.Courier.Send(t.Connector, p.track(), p.encode())
		if failed != nil {
			err = s.notSent(t.Connector, failed)
			continue
		}
		on.went(sending{t.Connector, p.track(), number})
		sent = true
	}
	if sent {
		err = nil
	}
	return sent, err
}

// notSent says what it means for the sender that a parcel could not be sent:
// nothing if the connector has ended, for then its sessions are gone.
func (s *Server) notSent(to events.Incarnation, err error) error {
	if s.cfg.Table.IsLost(to) {
		return nil
	}
	s.cfg.Logger.Warn("parcel not sent", "connector", to.Name, "error", err)
	return &stanza.Error{Condition: stanza.ResourceConstraint, Type: stanza.Wait, Text: "too much is on its way; please try again"}
}

// handOut sends a parcel's stanza to those of the recipients that are here.
func (s *Server) handOut(p parcel, recipients iter.Seq[events.SessionID]) (sent bool) {
	if p.directed {
		s.tail.Lock()
		defer s.tail.Unlock()
		if !s.shows(p.stanza) {
			return false
		}
	}
	var event *stanza.Element
	if p.event {
		event, _ = stanza.Parse(p.stanza, stanza.NSClient, s.cfg.Limits) // nil: nobody wants it
	}
	for id := range recipients {
		cl := s.hub.client(id)
		switch {
		case cl == nil:
		case p.look:
			sent = cl.lookSoon() || sent
		case p.directed:
			sent = cl.send(p.stanza) || sent
		case p.event && cl.wantsEvent(event):
			sent = cl.hand(letter{stanza: addressed(p.stanza, cl.account)}, false) || sent
		case !p.event:
			sent = cl.hand(letter{p.stanza, p.since, p.all}, p.bare) || sent
		}
	}
	return sent
}

// shows reports that the session that sent directed presence is there and that
// its recipients will be shown its end. Directed presence comes beside the log,
// so that the end in the log may have come before it, and so may the recipient's
// being blocked: who got it then would see the session for ever. The caller holds
// the tail.
func (s *Server) shows(directed []byte) bool {
	el, err := stanza.Parse(directed, stanza.NSClient, s.cfg.Limits)
	if err != nil {
		return false
	}
	from, _ := el.From()
	to, _ := el.To()
	sender := s.cfg.Table.Session(from)
	if sender == nil || s.blocks.of(from).blocks(to) {
		return false
	}
	if slices.Contains(sender.Directed(), to) {
		return true
	}
	a := s.hub.account(to.Bare())
	watches := to.Bare() == from.Bare() || a != nil && a.current().Watches(from.Bare())
	return watches && sender.Available()
}

// unpack hands out a parcel of another connector, or decides again about it if
// its recipients have gone. It may wait, for the table until then, and for stores.
func (s *Server) unpack(p parcel, until time.Time) {
	if p.after.Seq != 0 {
		ctx, cancel := context.WithDeadline(context.Background(), until)
		if err := s.cfg.Table.WaitFor(ctx, p.after); err != nil {
			s.cfg.Logger.Warn("parcel unpacked before its time", "error", err)
		}
		cancel()
	}
	if !s.handOut(p, slices.Values(p.to)) {
		w := &ways{}
		s.resend(p, w)
		w.settle(s)
	}
}

// Reroute is for a connector whose lease has ended, of which the table was told
// before. What was sent there and not handled goes where it goes without it, each
// sender's in order. It returns when all has.
func (s *Server) Reroute(lost events.Incarnation) {
	atOnce := make(chan struct{}, laneCount)
	s.cfg.Courier.Return(lost, func(payload []byte, sent time.Time, done func()) {
		p, err := parseParcel(payload)
		if err != nil {
			done()
			return
		}
		if p.since == 0 {
			p.since = sent.UnixNano()
		}
		atOnce <- struct{}{}
		s.lanes.of(&p).put(s, p, func() {
			done()
			<-atOnce
		})
	})
}

// resend decides again about a stanza whose recipients have gone while it was
// on its way, or had not acknowledged it when they went.
func (s *Server) resend(p parcel, w *ways) {
	if p.final {
		return
	}
	if p.look {
		s.lookAgain(p, w)
		return
	}
	el, err := stanza.Parse(p.stanza, stanza.NSClient, s.cfg.Limits)
	if err != nil || isCopy(el) || isEvent(el) {
		return
	}
	m := mail{srv: s, el: el, after: p.after, hops: p.hops + 1, since: p.since, ways: w}
	if m.from, err = el.From(); err != nil || m.from.IsZero() {
		return
	}
	if m.to, err = el.To(); err != nil || m.to.IsZero() {
		return
	}
	switch el.Local() {
	case "message":
		if !s.elsewhere(m.to.Bare(), p.all, p.to) {
			err = m.message()
		}
	case "iq":
		err = m.iqToResource()
	}
	if cause := stanzaError(err); cause != nil {
		m.bounce(cause)
	}
}

// lookAgain finds another one to look for what waits. If there is none whoever
// comes looks.
func (s *Server) lookAgain(p parcel, w *ways) {
	account := events.StoredJID(string(p.stanza))
	for p.hops < maxHops {
		p.hops++
		if found, err := s.lookBy(account, s.routes(account), p, w); found || err != nil {
			return
		}
	}
}

// bounce sends an error back to where the stanza came from.
func (m *mail) bounce(cause *stanza.Error) {
	b := stanza.AppendError(nil, m.el, cause, stanza.Stamp{})
	if s := m.srv.cfg.Table.Session(m.from); s != nil && len(b) > 0 {
		m.srv.deliver(parcel{final: true, lane: laneOf(m.to), after: m.after, stanza: b}, []*session.Session{s}, nil)
	}
}
