package c2s

import (
	"strconv"
	"strings"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/roster"
	"rollcall/session/stanza"
)

// Presence sent by a client: RFC 6121, 4. What others see of it is in watch.go.

// presence handles one stanza. The client's own changes are events; the rest is
// sent to whom it is addressed, or kept in a roster. Nothing that the client sent
// before may come after what others see of it in the log, so it waits for that
// to have arrived (settle).
func (cl *client) presence(el *stanza.Element, m *mail) error {
	if kind, ok := roster.ParseKind(el.Type()); ok {
		cl.pace.beforeChange()
		cl.ways.settle(cl.srv)
		return cl.subscription(el, kind, m.to.Bare())
	}
	switch el.Type() {
	case "", "unavailable":
		if kind, typed := el.LookupAttr("", "type"); typed && kind == "" {
			return refuse(stanza.BadRequest) // RFC 6121, 4.7.1
		}
		cl.pace.beforePresence()
		if !m.to.IsZero() {
			return cl.directed(el, m)
		}
		cl.ways.settle(cl.srv) // what it sent before is not to be overtaken (RFC 6120, 10.1)
		if el.Type() == "" {
			return cl.becomeAvailable(el)
		}
		return cl.becomeUnavailable(el)
	case "probe":
		return cl.probe(m.to)
	case "error":
		if s := m.resource(); s != nil {
			m.deliver(s)
		}
		return nil
	}
	return refuse(stanza.BadRequest)
}

// becomeAvailable stores an initial presence (4.2), or a later one (4.4),
// by which the client becomes able to get what waits, or is no longer. Either is
// so here before the log shows it to others: it looks for what waits before
// anybody can send it something newer, and lets others look before they are sent
// something.
func (cl *client) becomeAvailable(el *stanza.Element) error {
	priority, err := priorityOf(el)
	if err != nil {
		return err
	}
	text, err := anonymous(el)
	if err != nil {
		return err
	}
	change := session.BecomeAvailable{Session: cl.session, Priority: priority, Show: showOf(el), Stanza: text}
	if priority < 0 {
		if err := cl.doUnable(change); err != nil {
			return err
		}
		cl.learnCaps(el)
		return nil
	}
	var k *look
	if !cl.able.Load() {
		k = cl.beginOwnLook()
	}
	if _, err := cl.do(change); err != nil {
		if k != nil {
			cl.stopLooking()
		}
		return err
	}
	cl.learnCaps(el)
	cl.becomeAble(k)
	return nil
}

// becomeUnavailable is 4.5. The session stays bound, and interested in the roster.
func (cl *client) becomeUnavailable(el *stanza.Element) error {
	text, err := anonymous(el)
	if err != nil {
		return err
	}
	err = cl.doUnable(session.BecomeUnavailable{Session: cl.session, Stanza: text})
	if err == nil {
		cl.forgetCaps()
	}
	return err
}

// priorityOf is RFC 6121, 4.7.2.3: the server routes by it, so it must be one.
func priorityOf(el *stanza.Element) (int8, error) {
	text := strings.TrimSpace(el.Child(stanza.NSClient, "priority").Text())
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 8)
	if err != nil {
		return 0, &stanza.Error{Condition: stanza.BadRequest, Text: "priority must be a number from -128 to 127"}
	}
	return int8(n), nil
}

// showOf is RFC 6121, 4.7.2.1, for the log. Others are shown what was sent: the
// server does nothing by it and need not judge it (RFC 6120, 11.4), and clients
// that say <show>online</show> mean no harm.
func showOf(el *stanza.Element) string {
	switch show := strings.TrimSpace(el.Child(stanza.NSClient, "show").Text()); show {
	case "away", "chat", "dnd", "xa":
		return strings.Clone(show)
	}
	return ""
}

// maxPresence bounds a presence in bytes: the log keeps each, and every
// connector's table the last one. Beyond it is policy-violation.
const maxPresence = 16 << 10

// anonymous is a presence as events keep it: complete, but without from and to.
func anonymous(el *stanza.Element) (string, error) {
	// The appender writes the addresses first, from before to.
	const marked = "<presence from='-' to='-'"
	b := el.AppendTo(nil, stanza.Stamp{From: "-", To: "-"})
	rest, ok := strings.CutPrefix(string(b), marked)
	if !ok {
		return "", &stanza.Error{Condition: stanza.BadRequest, Text: "the presence relies on a default namespace of its own"}
	}
	if len(rest) > maxPresence {
		return "", &stanza.Error{Condition: stanza.PolicyViolation, Text: "the presence is too large"}
	}
	return "<presence" + rest, nil
}

// directed is RFC 6121, 4.6: presence to one JID, who must learn of the
// session's end too.
func (cl *client) directed(el *stanza.Element, m *mail) error {
	if !m.served() {
		return refuse(stanza.RemoteServerNotFound)
	}
	available := el.Type() == ""
	if cl.home.current().WatchedBy(m.to.Bare()) && cl.available.Load() {
		available = false // the contact gets every change anyway
	}
	if _, err := cl.do(session.DirectPresence{Session: cl.session, To: m.to, Available: available}); err != nil {
		return err
	}
	cl.srv.reach(cl.after) // or shows would not know of it
	p := parcel{directed: el.Type() == "", lane: laneOf(cl.account), after: cl.after, stanza: m.stamped()}
	targets := m.presenceTargets()
	cl.srv.deliver(p, targets, m.ways.turn(cl.srv, m.to.Bare(), targets))
	return nil
}

// presenceTargets is RFC 6121, 8.5.2.1.2 and 8.5.3: all available resources of
// a bare JID, or the one of a full JID.
func (m *mail) presenceTargets() []*session.Session {
	if m.to.IsBare() {
		return m.srv.reachable(m.to.Bare())
	}
	if s := m.resource(); s != nil {
		return []*session.Session{s}
	}
	return nil
}

// probe is RFC 6121, 4.3.2, for a client that asks by itself: the presence of who
// is there, unavailable of who is not, and unsubscribed of who may not be seen,
// which tells as little of those who don't exist.
func (cl *client) probe(to events.JID) error {
	contact := to.Bare()
	switch {
	case to.IsZero():
		return refuse(stanza.BadRequest)
	case !cl.srv.domains[contact.Domain()]:
		return refuse(stanza.RemoteServerNotFound)
	}
	cl.srv.tail.Lock() // nothing newer may be shown before this
	defer cl.srv.tail.Unlock()
	answer := presence{from: contact, text: "<presence type='unsubscribed'/>"}
	if contact == cl.account || cl.home.current().Watches(contact) {
		answer = presence{from: to, text: unavailable}
		for _, s := range cl.srv.cfg.Table.Account(contact).Available() {
			if to.IsBare() || s.JID == to {
				answer.text = ""
				cl.send(presenceOf(s).to(cl.account, true))
			}
		}
	}
	if answer.text != "" {
		cl.send(answer.to(cl.account, false))
	}
	return nil
}
