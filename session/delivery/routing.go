package delivery

import (
	"context"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// maxHops bounds how often a stanza is sent after sessions that end while it is
// on its way.
const maxHops = 3

// A routing is a stanza on its way from one full JID to wherever it goes. It
// does not matter where the two ends are.
type routing struct {
	router   *Router
	el       *stanza.Element
	kind     Kind
	from     events.JID      // the sending session's full JID
	to       events.JID      // not zero
	after    events.Position // what the sender had done before; see parcel
	since    int64           // when it was first sent; see Outgoing
	hops     uint8           // how often it came to a session that had just gone
	inflight *inflight       // of the sender
	copies   bool            // it has carbons
	upToDate bool            // the table has what the log had of the recipient when it was decided
	buf      []byte          // memory to write the stanza into
}

// send is the whole way of a stanza: decide, carry out, and if all targets went
// meanwhile decide again without them. An error is for its sender. A message has
// carbons once it was delivered or stored, unless it was sent on: then it was
// copied before.
func (m *routing) send() error {
	m.copies = m.hops == 0 && m.eligible()
	var tried []events.SessionID
	for {
		v, err := m.decide(tried)
		if err != nil {
			return err
		}
		received, sent := m.carbons(&v)
		switch v.Action {
		case Refuse:
			return &stanza.Error{Condition: v.Condition}
		case Store:
			if err := m.store(); err != nil {
				return err
			}
		case Deliver:
			delivered, err := m.deliver(&v, received)
			if err != nil {
				return err
			}
			if !delivered {
				tried = appendSessions(tried, v.Targets)
				continue
			}
		}
		m.copy(received, sent)
		return nil
	}
}

// decide asks the log, and whether there is such an account, only where that
// matters.
func (m *routing) decide(tried []events.SessionID) (Verdict, error) {
	c := m.situation(tried)
	v := Decide(c)
	if !m.upToDate && m.hops < maxHops && v.misses(c.To) {
		m.upToDate = true
		if err := m.update(v.Action == Refuse); err != nil && v.Action == Refuse {
			return v, err
		}
		c = m.situation(tried)
		v = Decide(c)
	}
	if v.Action != Store {
		return v, nil
	}
	keeps, err := m.router.keeps(m.to.Bare())
	if err != nil {
		return v, err
	}
	if !keeps || m.router.cfg.Offline == nil {
		c.Unknown = true
		v = Decide(c)
	}
	return v, nil
}

// update makes the table know what the log has of the recipient.
func (m *routing) update(patient bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	if patient {
		return m.router.patientNewest(ctx, m.to.Bare())
	}
	return m.router.newest(ctx, m.to.Bare())
}

// situation is how things are for the stanza now. One that came too late again and
// again, as sessions come and go, finds nobody: it waits for the next one.
func (m *routing) situation(tried []events.SessionID) Case {
	c := Case{To: m.to, Kind: m.kind, Foreign: !m.router.Served(m.to.Domain())}
	if m.hops < maxHops && !c.Foreign {
		c.Account = m.router.reachable(m.to.Bare(), tried)
	}
	return c
}

// Exists reports whether there is such an account, of which something can be kept. One
// that has sessions is not asked for.
func (r *Router) Exists(account events.JID) (bool, error) {
	if fleeting := r.cfg.Policy.Fleeting; fleeting != nil && fleeting(account) {
		return false, nil
	}
	if a := r.cfg.Table.Account(account); a != nil && len(a.Sessions()) > 0 {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	return r.cfg.Policy.Exists(ctx, account)
}

// keeps reports that there is such an account and that messages may wait for it, which is
// asked for once.
func (r *Router) keeps(account events.JID) (bool, error) {
	p := &r.cfg.Policy
	if p.Keeps == nil || p.Fleeting != nil && p.Fleeting(account) {
		return r.Exists(account)
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	return r.cfg.Policy.Keeps(ctx, account)
}

// deliver hands the stanza to the verdict's targets, which are of any connectors,
// and reports whether at least one is known to be there.
func (m *routing) deliver(v *Verdict, carbons []*session.Session) (bool, error) {
	p := parcel{hops: m.hops, bare: v.ToAccount, copied: m.copies, lane: laneOf(m.from), after: m.known(), stanza: m.stamped()}
	if p.since = m.since; m.since > 0 {
		p.since = Stamped
	}
	if len(v.Targets)+len(carbons) > 1 {
		p.all = appendSessions(appendSessions(nil, v.Targets), carbons)
	}
	return m.router.deliver(p, v.Targets, m.inflight.barrier(m.router, m.to.Bare(), v.Targets))
}

// known is what the recipients' connectors must know before they hand the stanza
// out: what the sender had done, and what the recipient had, by which its
// sessions were chosen. Here it is known when known returns.
func (m *routing) known() events.Position {
	table := m.router.cfg.Table
	reached := table.Position()
	after := m.after
	if a := table.Account(m.to); a != nil && a.Seq > after.Seq {
		after = events.Position{Stream: reached.Stream, Seq: a.Seq}
	}
	if after.Seq > reached.Seq {
		m.router.Reach(after)
	}
	return after
}

// stamped writes the stanza as it is delivered: from is the sender's full JID
// (RFC 6120, 8.1.2.1), to as it was sent, without the part that was for the
// server.
func (m *routing) stamped() []byte {
	s := stanza.Stamp{From: m.from.String(), Without: m.private()}
	if m.el.Attr("to") == "" {
		s.To = m.to.String()
	}
	m.buf = m.el.AppendTo(m.buf[:0], s)
	if m.since > 0 && m.kind.message() {
		m.buf = stanza.AppendDelay(m.buf, m.to.Domain(), time.Unix(0, m.since))
	}
	return m.buf
}

func appendSessions(ids []events.SessionID, list []*session.Session) []events.SessionID {
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}
