package c2s

import (
	"context"
	"errors"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/stanza"
)

// Messages: RFC 6121, 8.5.

// message routes one. An error is for its sender.
func (m *mail) message() error {
	if m.to.IsZero() {
		m.to = m.from.Bare() // RFC 6120, 10.3.1
	}
	m.copies = m.hops == 0 && len(m.copied(m.to.Bare())) > 0
	switch {
	case !m.served():
		return refuse(stanza.RemoteServerNotFound)
	case m.to.Local() == "":
		return refuse(stanza.ServiceUnavailable)
	}
	if !m.to.IsBare() {
		if s := m.resource(); s != nil && m.deliver(s) {
			return nil
		}
		return m.messageToGone()
	}
	return m.messageToBare()
}

// messageToBare is RFC 6121, 8.5.2.
func (m *mail) messageToBare() error {
	switch m.el.Type() {
	case "error":
		return nil
	case "groupchat":
		return refuse(stanza.ServiceUnavailable)
	case "headline":
		m.deliver(nonNegative(m.reachable())...)
		return nil
	}
	if m.deliver(m.srv.cfg.Table.Routes(m.to.Bare())...) {
		return nil
	}
	return m.keep()
}

// messageToGone is RFC 6121, 8.5.3.2.1: nobody has the full JID. A chat goes
// on with whoever of the account is there, or waits for it.
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
// says that it can't be delivered.
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
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	err = m.srv.cfg.Waiting.Store(ctx, m.to.Bare(), append([]byte(nil), m.stamped()...))
	if errors.Is(err, events.ErrFull) {
		return refuse(stanza.ServiceUnavailable)
	}
	if err == nil && len(m.srv.cfg.Table.Routes(m.to.Bare())) > 0 {
		m.srv.handOver(ctx, m.to.Bare(), m.after)
	}
	return err
}

// reachable lists the recipient's available resources, best first, without
// those of lost connectors.
func (m *mail) reachable() []*session.Session {
	var list []*session.Session
	for _, s := range m.srv.cfg.Table.Account(m.to.Bare()).Available() {
		if !m.srv.cfg.Table.IsLost(s.Connector) {
			list = append(list, s)
		}
	}
	return list
}

// nonNegative is the beginning of a list, best first, that ordinary messages
// go to.
func nonNegative(list []*session.Session) []*session.Session {
	for i, s := range list {
		if s.Priority < 0 {
			return list[:i]
		}
	}
	return list
}
