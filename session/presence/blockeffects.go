package presence

import (
	"crypto/rand"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// The effects of a change of a block list that clients see (XEP-0191, 3.3 and
// 3.4), each at its own connector.

// turn makes a list the account's, and shows what has changed: the answer to the
// client that has changed it, if there is one, pushes to the account's clients that
// know the list (XEP-0191, 3.3), and to each side the other's presence, or that it
// is gone. The caller holds the tail, as for the functions below.
func (s *Service) turn(account events.JID, next *blockList, answer func()) {
	old, ok := s.blocks.replace(account, next)
	if answer != nil {
		answer()
	}
	if !ok {
		return
	}
	if a := s.index.account(account); a != nil {
		s.pushChange(a, old, next)
		s.turnContacts(a, old, next)
	}
	s.turnWatchers(account, old, next)
	s.turnDirected(account, old, next)
}

// pushChange says who is blocked now and who no longer is. A list of several
// that is empty all at once was emptied as a whole, which an <unblock/> without
// items says (XEP-0191, 3.5).
func (s *Service) pushChange(a *account, old, next *blockList) {
	if added := next.without(old); len(added) > 0 {
		s.pushBlocked(a, "block", added)
	}
	switch gone := old.without(next); {
	case len(gone) > 1 && len(next.jids) == 0:
		s.pushBlocked(a, "unblock", nil)
	case len(gone) > 0:
		s.pushBlocked(a, "unblock", gone)
	}
}

// pushBlocked sends a push to those of the account's clients here that have asked
// for the list (XEP-0191, 3.3). No jids stand for all.
func (s *Service) pushBlocked(a *account, name string, jids []events.JID) {
	for _, res := range s.index.resourcesOf(a) {
		if !res.seesBlocked {
			continue
		}
		b := stanza.AppendAttr([]byte("<iq type='set'"), "id", rand.Text())
		b = append(stanza.AppendAttr(b, "to", res.jid.String()), '>')
		res.send(append(appendBlocked(b, name, jids), "</iq>"...))
	}
}

// turnContacts is the account's view of its contacts.
func (s *Service) turnContacts(a *account, old, next *blockList) {
	for jid := range a.current().Watched() {
		c, _ := s.index.contact(jid)
		if c == nil || jid == a.jid {
			continue
		}
		theirs := s.blocks.of(jid)
		for _, o := range c.seen.Available() {
			for _, res := range s.index.resourcesOf(a) {
				if !theirs.blocks(res.jid) {
					turn(res, o, old.blocks(o.JID()), next.blocks(o.JID()))
				}
			}
		}
	}
}

// turnWatchers is the view that its watchers have of the account.
func (s *Service) turnWatchers(account events.JID, old, next *blockList) {
	c, by := s.index.contact(account)
	if c == nil {
		return
	}
	for _, w := range by {
		theirs := s.blocks.of(w.jid)
		for _, res := range s.index.resourcesOf(w) {
			for _, o := range c.seen.Available() {
				if w.jid != account && !theirs.blocks(o.JID()) {
					turn(res, o, old.blocks(res.jid), next.blocks(res.jid))
				}
			}
		}
	}
}

// turnDirected shows the end of the account's presence to those whom a session
// of it directed that to. It is not shown again when they are no longer blocked:
// that is the client's to do.
func (s *Service) turnDirected(account events.JID, old, next *blockList) {
	a := s.cfg.Table.Account(account)
	if a == nil {
		return
	}
	for _, o := range a.Sessions() {
		for _, to := range o.Directed() {
			if next.blocks(to) && !old.blocks(to) {
				s.retractDirected(o, to, presence{from: o.JID(), text: unavailable})
			}
		}
	}
}

// turn shows the client a session that was blocked, or is from now on.
func turn(res *Resource, o *session.Session, was, is bool) {
	switch {
	case was == is || !res.available.Load():
	case is:
		res.send(presence{from: o.JID(), text: unavailable}.to(res.home.jid, false))
	default:
		res.send(presenceOf(o).to(res.home.jid, true))
	}
}

func appendBlocked(b []byte, name string, jids []events.JID) []byte {
	b = append(b, "<"+name+" xmlns='"+stanza.NSBlocking+"'>"...)
	for _, j := range jids {
		b = append(stanza.AppendAttr(append(b, "<item"...), "jid", j.String()), "/>"...)
	}
	return append(b, "</"+name+">"...)
}
