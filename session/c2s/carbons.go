package c2s

import (
	"slices"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/stanza"
)

// Message carbons: XEP-0280. The connector of the sender sends all copies, to
// sessions of any connectors: it is the one that knows who got the message.

var carbons = extension{
	features: []string{stanza.NSCarbons},
	requests: []answer{
		{space: stanza.NSCarbons, local: "enable", at: atOwn, set: (*client).enableCarbons},
		{space: stanza.NSCarbons, local: "disable", at: atOwn, set: (*client).disableCarbons},
	},
}

func (cl *client) enableCarbons(r *request) error  { return cl.switchCarbons(r, true) }
func (cl *client) disableCarbons(r *request) error { return cl.switchCarbons(r, false) }

func (cl *client) switchCarbons(r *request, on bool) error {
	if _, err := cl.do(session.SwitchCarbons{Session: cl.session, On: on}); err != nil {
		return err
	}
	if err := cl.srv.awaitRoutes(cl.after); err != nil {
		return err
	}
	return cl.done(r)
}

// copy sends the carbons of a message that was delivered or stored: to the
// recipient's sessions that have not got it (XEP-0280, 7), and to the sender's
// other ones (8).
func (m *mail) copy() {
	sender, recipient := m.from.Bare(), m.to.Bare()
	received, sent := m.copied(recipient), []*session.Session(nil)
	if sender != recipient {
		sent = m.copied(sender)
	}
	if len(received)+len(sent) == 0 || !m.eligible() {
		return
	}
	message := stanza.AppendStandalone(nil, m.stamped()) // within <forwarded/> the default namespace is another
	for _, s := range received {
		m.sendCopy("received", recipient, s, message)
	}
	for _, s := range sent {
		m.sendCopy("sent", sender, s, message)
	}
}

// copied lists the sessions of an account that want copies and are neither the
// message's sender nor have got it.
func (m *mail) copied(account events.JID) (list []*session.Session) {
	a := m.srv.cfg.Table.Account(account)
	if a == nil {
		return nil
	}
	for _, s := range a.Sessions {
		got := slices.ContainsFunc(m.reached, func(o *session.Session) bool { return o.ID == s.ID })
		if s.Carbons() && s.JID != m.from && !got && m.srv.there(s) {
			list = append(list, s)
		}
	}
	return list
}

// eligible is XEP-0280, 6.1: conversation, and not what its sender wants one
// recipient to have, and never a copy, which could be forged.
func (m *mail) eligible() bool {
	if m.private() != nil || m.hint("no-copy") || isCopy(m.el) {
		return false
	}
	switch m.el.Type() {
	case "chat":
		return true
	case "groupchat", "headline", "error":
		return false
	}
	for c := range m.el.Children() {
		if c.Is(stanza.NSClient, "body") || conversational[c.Space()] {
			return true
		}
	}
	return false
}

// private is what the sender of a message says with that it wants no copies. It
// is for servers, and the recipient does not get it (XEP-0280, 9).
func (m *mail) private() *stanza.Element {
	if m.el.Local() != "message" {
		return nil
	}
	return m.el.Child(stanza.NSCarbons, "private")
}

// conversational are the namespaces of what belongs to a conversation although
// there is nothing to read in it.
var conversational = map[string]bool{
	"urn:xmpp:receipts":                   true, // XEP-0184
	"urn:xmpp:chat-markers:0":             true, // XEP-0333
	nsChatStates:                          true, // XEP-0085
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
func (m *mail) sendCopy(direction string, account events.JID, to *session.Session, message []byte) {
	b := stanza.AppendAttr([]byte("<message"), "from", account.String())
	b = stanza.AppendAttr(b, "to", to.JID.String())
	if t := m.el.Type(); t != "" {
		b = stanza.AppendAttr(b, "type", t)
	}
	b = append(b, "><"+direction+" xmlns='"+stanza.NSCarbons+"'><forwarded xmlns='"+stanza.NSForward+"'>"...)
	b = append(append(b, message...), "</forwarded></"+direction+"></message>"...)
	m.srv.deliver(parcel{final: true, lane: laneOf(m.from), after: m.after, stanza: b}, []*session.Session{to}, nil)
}
