package delivery

import (
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Message carbons: XEP-0280. The connector of the sender sends all copies, to
// sessions of any connectors: it is the one that knows which sessions got the
// message.

// carbons lists who gets a copy of a message: the recipient's sessions that don't
// get the message itself (XEP-0280, 7), and the sender's other ones (8).
func (m *routing) carbons(v *Verdict) (received, sent []*session.Session) {
	if !m.copies || v.Action != Deliver && v.Action != Store {
		return nil, nil
	}
	if m.from.Bare() == m.to.Bare() {
		itself := func(s *session.Session) bool { return s.JID() == m.from }
		return slices.DeleteFunc(v.Carbons, itself), nil
	}
	if own := m.router.Reachable(m.from.Bare()); own != nil {
		for _, s := range own.Sessions() {
			if s.Carbons() && s.JID() != m.from {
				sent = append(sent, s)
			}
		}
	}
	return v.Carbons, sent
}

// copy sends the carbons of a message that was delivered or stored.
func (m *routing) copy(received, sent []*session.Session) {
	if len(received)+len(sent) == 0 {
		return
	}
	message := stanza.AppendStandalone(nil, m.stamped()) // within <forwarded/> the default namespace is another
	for _, s := range received {
		m.sendCopy("received", m.to.Bare(), s, message)
	}
	for _, s := range sent {
		m.sendCopy("sent", m.from.Bare(), s, message)
	}
}

// eligible is XEP-0280, 6.1: a message of a conversation, unless its sender
// wants it to have one recipient, and never a copy, which could be forged.
func (m *routing) eligible() bool {
	if m.kind != Chat && m.kind != Normal || m.private() != nil || m.hint("no-copy") || isCopy(m.el) {
		return false
	}
	if m.kind == Chat {
		return true
	}
	for c := range m.el.Children() {
		if c.Is(stanza.NSClient, "body") || conversational[c.Space()] {
			return true
		}
	}
	return false
}

// private is the element by which the sender of a message says that it wants no
// copies. It is for servers, and the recipient does not get it (XEP-0280, 9).
func (m *routing) private() *stanza.Element {
	if !m.kind.message() {
		return nil
	}
	return m.el.Child(stanza.NSCarbons, "private")
}

// conversational are the namespaces of payloads that belong to a conversation
// although there is nothing to read in them.
var conversational = map[string]bool{
	"urn:xmpp:receipts":                   true, // XEP-0184
	"urn:xmpp:chat-markers:0":             true, // XEP-0333
	stanza.NSChatStates:                   true, // XEP-0085
	"urn:xmpp:message-correct:0":          true, // XEP-0308
	"urn:xmpp:jingle-message:0":           true, // XEP-0353
	"eu.siacs.conversations.axolotl":      true, // XEP-0384
	"urn:xmpp:omemo:2":                    true, // XEP-0384
	"http://jabber.org/protocol/muc#user": true, // XEP-0045, invitations
	"jabber:x:conference":                 true, // XEP-0249
}

func isCopy(message *stanza.Element) bool {
	return message.Child(stanza.NSCarbons, "received") != nil || message.Child(stanza.NSCarbons, "sent") != nil
}

// sendCopy sends one, of the message's type (XEP-0280, 7), and from the account:
// a client believes no other. It goes to its session or nowhere.
func (m *routing) sendCopy(direction string, account events.JID, to *session.Session, message []byte) {
	b := stanza.AppendAttr([]byte("<message"), "from", account.String())
	b = stanza.AppendAttr(b, "to", to.JID().String())
	if t := m.el.Type(); t != "" {
		b = stanza.AppendAttr(b, "type", t)
	}
	b = append(b, "><"+direction+" xmlns='"+stanza.NSCarbons+"'><forwarded xmlns='"+stanza.NSForward+"'>"...)
	b = append(append(b, message...), "</forwarded></"+direction+"></message>"...)
	m.router.deliver(parcel{final: true, carbon: true, lane: laneOf(m.from), after: m.after, stanza: b}, []*session.Session{to}, nil)
}

// A session may have switched carbons, and been told so, before the sender's connector
// knows of it. The connector that has the session does know, so it looks again at the
// messages that others bring it: as far as they are for sessions of its own, nobody
// sees the difference (XEP-0280, 4).

// wantsCopy reports that a carbon's session still wants it.
func wantsCopy(r *Router, to []events.SessionID) bool {
	for _, id := range to {
		if c := r.cfg.Local.Recipient(id); c != nil {
			s := r.cfg.Table.Account(c.account).Session(id)
			return s == nil || s.Carbons()
		}
	}
	return true
}

// copyHere sends the carbons of a message that another connector brought to those
// sessions here of which that did not know that they want them.
func copyHere(r *Router, p *parcel) {
	for _, s := range accountOf(r, p.to).Sessions() {
		if !s.Carbons() || slices.Contains(p.to, s.ID) || slices.Contains(p.all, s.ID) || r.cfg.Local.Recipient(s.ID) == nil {
			continue
		}
		el, err := stanza.Parse(p.stanza, stanza.NSClient, r.cfg.Limits)
		if err != nil {
			return
		}
		m := routing{router: r, el: el, kind: KindOf(el), after: p.after}
		if m.from, err = el.From(); err == nil && m.from != s.JID() {
			m.sendCopy("received", s.JID().Bare(), s, stanza.AppendStandalone(nil, p.stanza))
		}
	}
}

// accountOf is that of sessions, of which one is here.
func accountOf(r *Router, of []events.SessionID) *session.Account {
	for _, id := range of {
		if c := r.cfg.Local.Recipient(id); c != nil {
			if a := r.cfg.Table.Account(c.account); a != nil {
				return a
			}
		}
	}
	return &session.Account{}
}
