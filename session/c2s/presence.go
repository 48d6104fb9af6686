package c2s

import (
	"strconv"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Presence sent by a client: RFC 6121, 4. Package presence shows it to others.

// presence handles one stanza. The client's own changes are events; the rest is
// sent to its addressee, or kept in a roster. Nothing that the client sent before
// may come after what others see of it in the log, so a change waits for all of
// that to arrive.
func (cl *client) presence(el *stanza.Element, to events.JID) error {
	if kind, ok := roster.ParseKind(el.Type()); ok {
		if err := cl.needs(roles.Roster); err != nil {
			return err
		}
		cl.limiter.beforeChange()
		cl.sender.Barrier()
		return cl.resource.Subscription(el, kind, to.Bare())
	}
	switch el.Type() {
	case "", "unavailable":
		if kind, typed := el.LookupAttr("", "type"); typed && kind == "" {
			return refuse(stanza.BadRequest) // RFC 6121, 4.7.1
		}
		if err := cl.mayReach(to, roles.Direct); err != nil {
			return err
		}
		cl.limiter.beforePresence()
		if !to.IsZero() {
			return cl.directed(el, to)
		}
		cl.sender.Barrier() // what it sent before is not to be overtaken (RFC 6120, 10.1)
		if el.Type() == "" {
			return cl.becomeAvailable(el)
		}
		return cl.becomeUnavailable(el)
	case "probe":
		if err := cl.mayReach(to, roles.Roster); err != nil {
			return err
		}
		return cl.resource.Probe(to)
	case "error":
		if to.IsZero() || to.IsBare() {
			return nil
		}
		if err := cl.mayReach(to, roles.Direct); err != nil {
			return unlessError(el, err)
		}
		return cl.sender.Send(el, to)
	}
	return refuse(stanza.BadRequest)
}

// becomeAvailable stores an initial presence (4.2), or a later one (4.4), by which
// the session comes to take what is sent to the account, or no longer does.
func (cl *client) becomeAvailable(el *stanza.Element) error {
	priority, err := priorityOf(el)
	if err != nil {
		return err
	}
	text, err := anonymous(el)
	if err != nil {
		return err
	}
	change := func() error {
		_, err := cl.do(session.BecomeAvailable{Session: cl.session, Priority: priority, Show: showOf(el), Stanza: text})
		if err == nil {
			cl.listener.Learn(el)
		}
		return err
	}
	if priority < 0 {
		return cl.recipient.BecomeUnreceptive(change, refused)
	}
	return cl.recipient.BecomeReceptive(change)
}

// becomeUnavailable is 4.5. The session stays bound, and interested in the roster.
func (cl *client) becomeUnavailable(el *stanza.Element) error {
	text, err := anonymous(el)
	if err != nil {
		return err
	}
	return cl.recipient.BecomeUnreceptive(func() error {
		_, err := cl.do(session.BecomeUnavailable{Session: cl.session, Stanza: text})
		if err == nil {
			cl.listener.Forget()
		}
		return err
	}, refused)
}

// refused reports an error that is answered to the client, whose session goes on.
func refused(err error) bool { return stanzaError(err) != nil }

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

// directed is RFC 6121, 4.6: presence to one JID, whose sessions must learn of this
// one's end too.
func (cl *client) directed(el *stanza.Element, to events.JID) error {
	if !cl.srv.router.Served(to.Domain()) {
		return refuse(stanza.RemoteServerNotFound)
	}
	show := el.Type() == ""
	// A contact's available resources get every change anyway; one that has not sent
	// presence yet gets what is directed to it alone, and must be shown the end.
	remember := show && !(to.IsBare() && cl.resource.Shows(to.Bare()))
	if _, err := cl.do(session.DirectPresence{Session: cl.session, To: to, Available: remember}); err != nil {
		return err
	}
	return cl.sender.SendDirected(el, to, show)
}
