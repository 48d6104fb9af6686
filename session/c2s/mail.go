package c2s

import (
	"context"
	"errors"
	"slices"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/auth"
	"rollcall/session/stanza"
)

// A mail is a stanza on its way from one full JID to wherever it goes. The
// rules are those of RFC 6121, 8; where both ends are is of no matter.
type mail struct {
	srv   *Server
	el    *stanza.Element
	from  events.JID      // the sending session's full JID
	to    events.JID      // zero if the stanza has no to
	after events.Position // what the sender had done before; see parcel
	hops  uint8           // how often it came to a session that had just gone
	buf   []byte          // memory to write the stanza into
	// reached are the sessions that it was handed to last, if copies are to be
	// sent to others of the recipient.
	copies  bool
	reached []*session.Session
}

// maxHops bounds how often a stanza is sent after a session that moves or ends
// while it is on its way.
const maxHops = 3

// served reports that the recipient's domain is one of ours.
func (m *mail) served() bool { return m.srv.domains[m.to.Domain()] }

// stamped writes the stanza as it is delivered: from is the sender's full JID
// (RFC 6120, 8.1.2.1), to as it was sent, without what was for the server.
func (m *mail) stamped() []byte {
	s := stanza.Stamp{From: m.from.String(), Without: m.private()}
	if m.el.Attr("to") == "" {
		s.To = m.to.String()
	}
	m.buf = m.el.AppendTo(m.buf[:0], s)
	return m.buf
}

// resource finds the session of a full JID that is to be reached.
func (m *mail) resource() *session.Session {
	s := m.srv.cfg.Table.Session(m.to)
	if s == nil || m.srv.cfg.Table.IsLost(s.Connector) {
		return nil
	}
	return s
}

// deliver hands the stanza to the sessions, which are of any connectors, and
// reports whether at least one is known to be there.
func (m *mail) deliver(to ...*session.Session) bool {
	if len(to) == 0 {
		return false
	}
	if m.copies {
		m.reached = slices.Clone(to)
	}
	return m.srv.deliver(parcel{hops: m.hops, after: m.after, stanza: m.stamped()}, to)
}

// exists reports whether there is such an account.
func (m *mail) exists(account events.JID) (bool, error) {
	if a := m.srv.cfg.Table.Account(account); a != nil && len(a.Sessions) > 0 {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	_, err := m.srv.cfg.Accounts.Credentials(ctx, account)
	if errors.Is(err, auth.ErrNoAccount) {
		return false, nil
	}
	return err == nil, err
}
