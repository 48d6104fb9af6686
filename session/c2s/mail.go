package c2s

import (
	"context"
	"errors"
	"slices"
	"time"

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
	since int64           // when it was first sent; see letter
	hops  uint8           // how often it came to a session that had just gone
	ways  *ways           // of the sender
	bare  bool            // it goes to whom the account's bare JID stands for
	buf   []byte          // memory to write the stanza into
	// reached are the sessions that it was handed to last, if copies are to be
	// sent to others of the recipient.
	copies  bool
	reached []*session.Session
}

// maxHops bounds how often a stanza is sent after sessions that end while it is
// on its way.
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
	if m.since > 0 && m.el.Local() == "message" {
		m.buf = appendDelay(m.buf, m.to.Domain(), time.Unix(0, m.since))
	}
	return m.buf
}

// resource finds the session of a full JID that is to be reached.
func (m *mail) resource() *session.Session {
	s := m.srv.cfg.Table.Session(m.to)
	if s == nil || !m.srv.there(s) {
		return nil
	}
	return s
}

// deliver hands the stanza to the sessions, which are of any connectors, and
// reports whether at least one is known to be there. An error is for the sender.
func (m *mail) deliver(to ...*session.Session) (bool, error) {
	if len(to) == 0 {
		return false, nil
	}
	if m.copies {
		m.reached = slices.Clone(to)
	}
	p := parcel{hops: m.hops, bare: m.bare, lane: laneOf(m.from), after: m.known(), stanza: m.stamped()}
	if p.since = m.since; m.since > 0 {
		p.since = stamped
	}
	p.all = m.everybody(to)
	return m.srv.deliver(p, to, m.ways.turn(m.srv, m.to.Bare(), to))
}

// known is what the recipients' connectors must know before they hand the stanza
// out: what the sender had done, and what the recipient had, by which its
// sessions were chosen. Here it is known when known returns.
func (m *mail) known() events.Position {
	table := m.srv.cfg.Table
	reached := table.Position()
	after := m.after
	if a := table.Account(m.to); a != nil && a.Seq > after.Seq {
		after = events.Position{Stream: reached.Stream, Seq: a.Seq}
	}
	if after.Seq > reached.Seq {
		m.srv.reach(after)
	}
	return after
}

// everybody lists who is handed the stanza or a carbon of it, unless that is one.
func (m *mail) everybody(to []*session.Session) []events.SessionID {
	var carbons []*session.Session
	if m.copies && m.eligible() {
		carbons = m.copied(m.to.Bare())
	}
	if len(to)+len(carbons) == 1 {
		return nil
	}
	all := make([]events.SessionID, 0, len(to)+len(carbons))
	for _, t := range to {
		all = append(all, t.ID)
	}
	for _, t := range carbons {
		all = append(all, t.ID)
	}
	return all
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
