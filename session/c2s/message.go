package c2s

import (
	"errors"

	"rollcall/events"
	"rollcall/session/stanza"
)

// Messages: RFC 6121, 8.5.

// message routes one. An error is for its sender.
func (m *mail) message() error {
	if m.to.IsZero() {
		m.to = m.from.Bare() // RFC 6120, 10.3.1
	}
	m.copies = m.hops == 0 && len(m.copied(m.to.Bare())) > 0 // what is sent on was copied before
	switch {
	case !m.served():
		return refuse(stanza.RemoteServerNotFound)
	case m.to.Local() == "":
		return refuse(stanza.ServiceUnavailable)
	}
	if !m.to.IsBare() {
		if s := m.resource(); s != nil && m.hops < maxHops {
			if sent, err := m.deliver(s); sent || err != nil {
				return err
			}
		}
		return m.messageToGone()
	}
	return m.messageToBare()
}

// messageToBare is RFC 6121, 8.5.2: a headline goes to all who can get it, now or
// never; a normal message or a chat to the best, who may be several, or into the
// store. What comes from a room goes to full JIDs alone, and an error that finds
// nobody is dropped, for an error to it would go around for ever.
func (m *mail) messageToBare() error {
	m.bare = true
	if m.hops >= maxHops {
		return m.lastResort()
	}
	switch m.el.Type() {
	case "error":
		return nil
	case "groupchat":
		return refuse(stanza.ServiceUnavailable)
	case "headline":
		_, err := m.deliver(m.srv.nonNegative(m.to.Bare())...)
		return err
	}
	if sent, err := m.deliver(m.srv.routes(m.to.Bare())...); sent || err != nil {
		return err
	}
	return m.keep()
}

// lastResort is for a message that came too late again and again, as sessions
// come and go: it waits for the next one.
func (m *mail) lastResort() error {
	switch m.el.Type() {
	case "error", "headline":
		return nil
	case "groupchat":
		return refuse(stanza.ServiceUnavailable)
	}
	return m.keep()
}

// messageToGone is RFC 6121, 8.5.3.2.1: nobody has the full JID. A chat goes
// on with whoever of the account is there, or waits for it; a normal message was
// for that resource, and its sender is told.
func (m *mail) messageToGone() error {
	switch m.el.Type() {
	case "error", "headline":
		return nil
	case "chat":
		return m.messageToBare()
	}
	return refuse(stanza.ServiceUnavailable)
}

// keep stores a message for an account that nobody is there for (XEP-0160), or
// says that it can't be delivered. An account that does not exist and one whose
// store is full are answered alike (RFC 6121, 8.5.1 and 8.5.2.2.1).
func (m *mail) keep() error {
	ok, err := m.exists(m.to.Bare())
	if err != nil {
		return err
	}
	if !ok || m.srv.cfg.Waiting == nil {
		return refuse(stanza.ServiceUnavailable)
	}
	if !m.worthKeeping() {
		return nil // XEP-0160, 3, and XEP-0334: it was for now or never
	}
	err = m.keepFor(m.to.Bare())
	if errors.Is(err, events.ErrFull) {
		return refuse(stanza.ServiceUnavailable)
	}
	return err
}
