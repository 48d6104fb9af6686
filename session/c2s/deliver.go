package c2s

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"time"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/stanza"
)

// A parcel carries one stanza to all of its recipients at one connector: a
// version, the hops so far, flags, the position
// after, the recipients' session ids, and the stanza, which takes the rest.
//
// The position keeps cause and effect in order over the two ways that things
// go: presence travels in the log, a message beside it. A connector unpacks a
// parcel when its own table has got to where the sender was, so that nobody
// gets a message from somebody whose presence comes later.
type parcel struct {
	hops     uint8
	directed bool // available presence, which is not shown after its session's end
	event    bool // of personal eventing, for who asks for it
	after    events.Position
	to       []events.SessionID
	stanza   []byte
}

const (
	parcelVersion = 1
	// catchUp bounds the wait for the table. Past it order is given up for the
	// sake of delivery.
	catchUp = 2 * time.Second
)

// The flags of a parcel.
const (
	parcelDirected = 1 << iota
	parcelEvent
)

var errParcel = errors.New("not a parcel")

func (p *parcel) append(b []byte) []byte {
	flags := byte(0)
	if p.directed {
		flags |= parcelDirected
	}
	if p.event {
		flags |= parcelEvent
	}
	b = append(b, parcelVersion, p.hops, flags)
	b = binary.AppendUvarint(b, uint64(len(p.after.Stream)))
	b = append(b, p.after.Stream...)
	b = binary.AppendUvarint(b, uint64(p.after.Seq))
	b = binary.AppendUvarint(b, uint64(len(p.to)))
	for i := range p.to {
		b = append(b, p.to[i][:]...)
	}
	return append(b, p.stanza...)
}

func parseParcel(b []byte) (p parcel, err error) {
	if len(b) < 3 || b[0] != parcelVersion {
		return p, errParcel
	}
	p.hops, p.directed, p.event, b = b[1], b[2]&parcelDirected != 0, b[2]&parcelEvent != 0, b[3:]
	number := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			err = errParcel
			return 0
		}
		b = b[n:]
		return v
	}
	n := number()
	if err != nil || n > uint64(len(b)) {
		return p, errParcel
	}
	p.after.Stream, b = string(b[:n]), b[n:]
	p.after.Seq = events.Seq(number())
	n = number()
	if err != nil || n > uint64(len(b)/len(events.SessionID{})) {
		return p, errParcel
	}
	p.to = make([]events.SessionID, n)
	for i := range p.to {
		b = b[copy(p.to[i][:], b):]
	}
	p.stanza = b
	return p, nil
}

// deliver sends a parcel's stanza to sessions of any connectors: to those here
// at once, to the others by one parcel for each connector. It reports whether
// the stanza went to anybody. It does not keep the stanza.
//
// One parcel at most may be sent on when its recipients have gone, and none if
// somebody has got the stanza: otherwise it would be delivered twice.
func (s *Server) deliver(p parcel, to []*session.Session) bool {
	self := s.self()
	sent := s.handOut(p, func(yield func(events.SessionID) bool) {
		for _, t := range to {
			if !yield(t.ID) {
				return
			}
		}
	})
	for i, t := range to {
		if s.hub.client(t.ID) != nil || t.Connector == self || heldBefore(to[:i], t.Connector) {
			continue
		}
		if sent {
			p.hops = maxHops
		}
		p.to = p.to[:0]
		for _, o := range to[i:] {
			if o.Connector == t.Connector {
				p.to = append(p.to, o.ID)
			}
		}
		if err := s.cfg.Courier.Send(t.Connector.Name, p.append(nil)); err != nil {
			s.cfg.Logger.Warn("parcel not sent", "connector", t.Connector.Name, "error", err)
			continue
		}
		sent = true
	}
	return sent
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
		if cl := s.hub.client(id); cl != nil && (!p.event || cl.wantsEvent(event)) {
			sent = cl.send(p.stanza) || sent
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

func heldBefore(list []*session.Session, by events.Incarnation) bool {
	for _, o := range list {
		if o.Connector == by {
			return true
		}
	}
	return false
}

// Deliver unpacks a parcel of another connector. Parcels are given to it one
// after the other; it may wait a moment for the table.
func (s *Server) Deliver(payload []byte) {
	p, err := parseParcel(payload)
	if err != nil {
		s.cfg.Logger.Warn("parcel refused", "error", err)
		return
	}
	if p.after.Seq != 0 {
		ctx, cancel := context.WithTimeout(context.Background(), catchUp)
		if err := s.cfg.Table.WaitFor(ctx, p.after); err != nil {
			s.cfg.Logger.Warn("parcel unpacked before its time", "error", err)
		}
		cancel()
	}
	if !s.handOut(p, slices.Values(p.to)) {
		s.resend(p)
	}
}

// resend decides again about a stanza whose recipients have gone while it was
// on its way.
func (s *Server) resend(p parcel) {
	el, err := stanza.Parse(p.stanza, stanza.NSClient, s.cfg.Limits)
	if err != nil || p.hops >= maxHops || isCopy(el) || isEvent(el) {
		return
	}
	m := mail{srv: s, el: el, after: p.after, hops: p.hops + 1}
	if m.from, err = el.From(); err != nil || m.from.IsZero() {
		return
	}
	if m.to, err = el.To(); err != nil || m.to.IsZero() {
		return
	}
	switch el.Local() {
	case "message":
		err = m.message()
	case "iq":
		err = m.iqToResource()
	}
	if cause := stanzaError(err); cause != nil {
		m.bounce(cause)
	}
}

// bounce sends an error back to where the stanza came from.
func (m *mail) bounce(cause *stanza.Error) {
	b := stanza.AppendError(nil, m.el, cause, stanza.Stamp{})
	if s := m.srv.cfg.Table.Session(m.from); s != nil && len(b) > 0 {
		m.srv.deliver(parcel{hops: maxHops, after: m.after, stanza: b}, []*session.Session{s})
	}
}
