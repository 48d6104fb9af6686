package delivery

import (
	"context"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// deliver sends a parcel's stanza to sessions of any connectors: to those here
// at once, to the others by one parcel for each connector, which on takes note
// of. It reports whether the stanza went to anybody; an error says that it did
// not because a connector takes no more. It does not keep the stanza.
//
// One parcel at most may be sent on when its recipients have gone, and none if
// somebody here has got the stanza: otherwise it would be delivered twice.
func (r *Router) deliver(p parcel, to []*session.Session, on *way) (sent bool, err error) {
	self := r.self()
	sent = r.deliverLocal(&p, addressees{sessions: to})
	for i, t := range to {
		if r.cfg.Local.Recipient(t.ID) != nil || t.Connector() == self || heldBy(to[:i], t.Connector()) {
			continue
		}
		p.final = p.final || sent
		p.to = p.to[:0]
		for _, o := range to[i:] {
			if o.Connector() == t.Connector() {
				p.to = append(p.to, o.ID)
			}
		}
		place, failed := r.cfg.Courier.Send(t.Connector(), p.track(), p.encode())
		if failed != nil {
			err = r.notSent(t.Connector(), failed)
			continue
		}
		on.add(sending{t.Connector(), p.track(), place})
		sent = true
	}
	if sent {
		err = nil
	}
	return sent, err
}

// SendEvent sends a notification of personal eventing (XEP-0163) to sessions of any
// accounts, after everything that is in the log up to a position. It is for each of
// them alone: a session that has gone needs none. With wanted it is for those whose
// clients ask for it, and has no address yet; see Policy.Event. The stanza is not
// kept.
func (r *Router) SendEvent(from events.JID, to []*session.Session, after events.Position, message []byte, wanted bool) {
	r.deliver(parcel{final: true, event: wanted, lane: laneOf(from), after: after, stanza: message}, to, nil)
}

// notSent says what it means for the sender that a parcel could not be sent:
// nothing if the connector has ended, for then its sessions are gone.
func (r *Router) notSent(to events.Incarnation, err error) error {
	if r.cfg.Table.IsLost(to) {
		return nil
	}
	r.cfg.Logger.Warn("parcel not sent", "connector", to.Name, "error", err)
	return &stanza.Error{Condition: stanza.ResourceConstraint, Type: stanza.Wait, Text: "too much is on its way; please try again"}
}

// addressees are those of a stanza: sessions, as a verdict has them, or their ids, as
// a parcel has. An iterator over either would cost every stanza three allocations.
type addressees struct {
	sessions []*session.Session
	ids      []events.SessionID
}

func (a *addressees) len() int { return len(a.sessions) + len(a.ids) }

func (a *addressees) at(i int) events.SessionID {
	if a.sessions != nil {
		return a.sessions[i].ID
	}
	return a.ids[i]
}

// deliverLocal hands a parcel's stanza to those of the recipients that are here.
func (r *Router) deliverLocal(p *parcel, to addressees) (sent bool) {
	if p.directed {
		return r.deliverDirected(p.stanza, to)
	}
	var event *stanza.Element
	if p.event {
		event, _ = stanza.Parse(p.stanza, stanza.NSClient, r.cfg.Limits) // nil: nobody wants it
	}
	for i := range to.len() {
		id := to.at(i)
		c := r.cfg.Local.Recipient(id)
		switch {
		case c == nil:
		case p.fetch:
			sent = c.fetchSoon() || sent
		case !p.event:
			sent = c.hand(Outgoing{p.stanza, p.since, p.all}, p.bare) || sent
		case event != nil && r.cfg.Policy.Event != nil:
			if b := r.cfg.Policy.Event(id, event); b != nil {
				sent = c.hand(Outgoing{Stanza: b}, false) || sent
			}
		}
	}
	return sent
}

// deliverDirected shows the recipients here a presence, which waits for nothing.
func (r *Router) deliverDirected(presence []byte, to addressees) (sent bool) {
	el, err := stanza.Parse(presence, stanza.NSClient, r.cfg.Limits)
	if err != nil {
		return false
	}
	hand := func() {
		for i := range to.len() {
			if c := r.cfg.Local.Recipient(to.at(i)); c != nil {
				sent = c.pass(Outgoing{Stanza: presence}) || sent
			}
		}
	}
	if r.cfg.Policy.ShowDirected == nil {
		hand()
	} else {
		r.cfg.Policy.ShowDirected(el, hand)
	}
	return sent
}

// handOut gives the recipients of another connector's parcel what it brought.
func (r *Router) handOut(p *parcel) (sent bool) {
	if p.carbon && !wantsCopy(r, p.to) {
		return true
	}
	sent = r.deliverLocal(p, addressees{ids: p.to})
	if sent && p.copied {
		copyHere(r, p)
	}
	return sent
}

// unpack hands out a parcel of another connector, or decides again about it if
// its recipients have gone. It may wait, for the table until then, and for stores.
func (r *Router) unpack(p parcel, until time.Time) {
	if p.after.Seq != 0 {
		ctx, cancel := context.WithDeadline(context.Background(), until)
		if err := r.cfg.Table.WaitFor(ctx, p.after); err != nil {
			r.cfg.Logger.Warn("parcel unpacked before its time", "error", err)
		}
		cancel()
	}
	if el := r.stopped(&p); el != nil {
		r.refuseStopped(&p, el)
		return
	}
	if !r.handOut(&p) {
		w := &inflight{}
		r.resend(p, w)
		w.wait(r)
	}
}
