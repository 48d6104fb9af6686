package delivery

import (
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A stanza that its recipient did not get is decided about anew, and if that
// refuses it, its sender is told.

// Reroute is for a connector whose lease has ended, of which the table was told
// before. The stanzas that were sent there and not handled go where they go
// without it, each sender's in order. It returns when all has.
func (r *Router) Reroute(lost events.Incarnation) {
	atOnce := make(chan struct{}, queueCount)
	r.cfg.Courier.Return(lost, func(payload []byte, sent time.Time, done func()) {
		p, err := parseParcel(payload)
		if err != nil {
			done()
			return
		}
		if p.since == 0 {
			p.since = sent.UnixNano()
		}
		atOnce <- struct{}{}
		r.queues.of(&p).put(r, p, func() {
			done()
			<-atOnce
		})
	})
}

// Return takes back what a session that has ended was sent and did not get, oldest
// first. It waits for stanzas that go to other connectors to arrive, up to 2 s, so
// that nothing newer is there first; others learn of the session's end afterwards.
// after is the newest event of the session.
func (r *Router) Return(session events.SessionID, list []Outgoing, after events.Position) {
	w := &inflight{}
	for _, o := range list {
		r.resend(parcel{since: o.Since, after: after, stanza: o.Stanza, to: []events.SessionID{session}, all: o.All}, w)
	}
	w.wait(r)
}

// resend decides again about a stanza whose recipients have gone while it was
// on its way, or had not acknowledged it when they went. Presence needs nothing,
// since the log has it; a carbon or an event was for that session alone.
func (r *Router) resend(p parcel, w *inflight) {
	if p.final {
		return
	}
	if p.fetch {
		r.fetchAgain(p, w)
		return
	}
	el, err := stanza.Parse(p.stanza, stanza.NSClient, r.cfg.Limits)
	if err != nil || el.Local() == "presence" || isCopy(el) || isEvent(el) {
		return
	}
	m := routing{router: r, el: el, kind: KindOf(el), after: p.after, hops: p.hops + 1, since: p.since, inflight: w}
	if m.from, err = el.From(); err != nil || m.from.IsZero() {
		return
	}
	if m.to, err = el.To(); err != nil || m.to.IsZero() {
		return
	}
	if m.kind.message() && r.elsewhere(m.to.Bare(), p.all, p.to) {
		return
	}
	if err := m.send(); err != nil {
		m.bounce(refusal(err))
	}
}

// isEvent reports a notification of personal eventing (XEP-0163).
func isEvent(message *stanza.Element) bool {
	return message.Type() == "headline" && message.Child(stanza.NSPubSubEvent, "event") != nil
}

// refusal is what the sender of a stanza is told of an error when it has gone on.
func refusal(err error) *stanza.Error {
	var refused *stanza.Error
	if errors.As(err, &refused) {
		return refused
	}
	return &stanza.Error{Condition: stanza.InternalServerError, Type: stanza.Wait}
}

// bounce sends an error back to where the stanza came from.
func (m *routing) bounce(cause *stanza.Error) {
	b := stanza.AppendError(nil, m.el, cause, stanza.Stamp{})
	if s := m.router.cfg.Table.Session(m.from); s != nil && len(b) > 0 {
		m.router.deliver(parcel{final: true, lane: laneOf(m.to), after: m.after, stanza: b}, []*session.Session{s}, nil)
	}
}
