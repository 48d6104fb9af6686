package delivery

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// keptBuffer is the largest buffer in bytes that a sender keeps for its next
// stanza.
const keptBuffer = 16 << 10

// A Sender owns the order of the stanzas that one session sends. It belongs to
// the goroutine that handles the session's stanzas, or ends it.
type Sender struct {
	// After is the newest event of the session that is stored: whoever gets what
	// it sends has seen that.
	After events.Position

	router   *Router
	from     events.JID
	inflight inflight
	buf      []byte // for the stanza that is being sent
}

// NewSender returns that of the session with the full JID; after is its newest event.
func NewSender(r *Router, full events.JID, after events.Position) Sender {
	return Sender{router: r, from: full, After: after}
}

// Send delivers a message, an iq or a directed presence as RFC 6121, 8.5 says; a
// zero to is the sender's own account (RFC 6120, 10.3.1). It returns when the
// stanza has been handed to local sessions, given to the courier, or stored. An
// error is for its sender: a *stanza.Error says why it was refused, any other that
// a store failed. The element is not kept.
func (s *Sender) Send(el *stanza.Element, to events.JID) error {
	s.router.Reach(s.After) // whoever gets it has seen what came before it (RFC 6120, 10.1)
	m := s.routing(el, to)
	err := m.send()
	s.keep(m.buf)
	return err
}

// SendDirected sends a directed presence that the log knows of (RFC 6121, 4.6):
// its recipients will be shown the session's end. show says that it makes the
// session visible. An error is for its sender, as that of Send.
func (s *Sender) SendDirected(el *stanza.Element, to events.JID, show bool) error {
	s.router.Reach(s.After) // or ShowDirected would not know of it
	m := s.routing(el, to)
	v, err := m.decide(nil)
	if err == nil && v.Action == Deliver {
		p := parcel{directed: show, lane: laneOf(s.from), after: m.known(), stanza: m.stamped()}
		_, err = s.router.deliver(p, v.Targets, s.inflight.barrier(s.router, to.Bare(), v.Targets))
	}
	s.keep(m.buf)
	return err
}

// Barrier waits for all that the session sent to arrive, up to 2 s. An event
// that becomes visible in the log after it overtakes nothing.
func (s *Sender) Barrier() { s.inflight.wait(s.router) }

func (s *Sender) routing(el *stanza.Element, to events.JID) routing {
	if to.IsZero() {
		to = s.from.Bare()
	}
	return routing{
		router: s.router, el: el, kind: KindOf(el), from: s.from, to: to, after: s.After, inflight: &s.inflight, buf: s.buf,
	}
}

// keep keeps the buffer of a stanza of ordinary size for the next one.
func (s *Sender) keep(b []byte) {
	if cap(b) <= keptBuffer {
		s.buf = b[:0]
	}
}

// Mark returns what the session has sent and has not arrived, empty if everything
// has.
func (s *Sender) Mark() Mark { return s.inflight.mark(s.router) }
