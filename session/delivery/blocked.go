package delivery

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Blocking (XEP-0191) is decided where a stanza is sent, by the block lists as they
// are known there. The client that has changed one may have been told so already,
// by its own connector. So that connector looks again at stanzas that come from
// others, and at messages that waited.

// blocked returns the stanza if the account blocks its sender by now, or nil.
func (r *Router) blocked(account events.JID, b []byte) *stanza.Element {
	if r.cfg.Policy.Blocked == nil {
		return nil
	}
	blocks := r.cfg.Policy.Blocked(account)
	if blocks == nil {
		return nil
	}
	el, err := stanza.Parse(b, stanza.NSClient, r.cfg.Limits)
	if err != nil {
		return nil
	}
	if from, err := el.From(); err != nil || !blocks(from) {
		return nil
	}
	return el
}

// stopped is blocked for a parcel of another connector, whose recipients are of one
// account. Presence and events have been looked at already, or are.
func (r *Router) stopped(p *parcel) *stanza.Element {
	if p.fetch || p.directed || p.event {
		return nil
	}
	for _, id := range p.to {
		if c := r.cfg.Local.Recipient(id); c != nil {
			return r.blocked(c.account, p.stanza)
		}
	}
	return nil
}

// refuseStopped answers it as the sender's connector would have: as if nobody were
// there (XEP-0191, 3.3), which presence is not told.
func (r *Router) refuseStopped(p *parcel, el *stanza.Element) {
	m := routing{router: r, el: el, kind: KindOf(el), after: p.after}
	var err error
	if m.from, err = el.From(); err != nil || m.kind == Presence || m.kind.answers() {
		return
	}
	if m.to, err = el.To(); err == nil {
		m.bounce(&stanza.Error{Condition: stanza.ServiceUnavailable})
	}
}
