package presence

import (
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Directed presence: RFC 6121, 4.6. Whoever was sent it sees the session's end too.

// ShowDirected hands out directed presence if the session that sent it is there and
// its recipients will be shown its end. Directed presence comes beside the log, so
// that the end in the log may have come before it, and so may the recipient's being
// blocked: whoever got it then would see the session for ever.
func (s *Service) ShowDirected(directed *stanza.Element, hand func()) {
	s.tail.Lock()
	defer s.tail.Unlock()
	from, _ := directed.From()
	to, _ := directed.To()
	sender := s.cfg.Table.Session(from)
	if sender == nil || s.blocks.of(from).blocks(to) {
		return
	}
	a := s.index.account(to.Bare())
	watches := to.Bare() == from.Bare() || a != nil && a.current().Watches(from.Bare())
	if slices.Contains(sender.Directed(), to) || watches && sender.Available() {
		hand()
	}
}

// retractDirected leaves out an account that has just seen it as a watcher.
func (s *Service) retractDirected(was *session.Session, to events.JID, p presence) {
	a := s.index.account(to.Bare())
	if a == nil {
		return
	}
	watches := was.Available() && (a.jid == was.JID().Bare() || a.current().Watches(was.JID().Bare()))
	for _, res := range s.index.resourcesOf(a) {
		seen := watches && res.available.Load()
		if !seen && (to == res.jid || to.IsBare() && res.available.Load()) {
			res.send(p.to(to, false))
		}
	}
}
