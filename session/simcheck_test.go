package session_test

import (
	"context"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// check compares the log with the answers that clients were given, and its end
// with the sessions that must be left.
func (s *sim) check() {
	log := s.readLog()
	s.t.Logf("seed %d: %d records, %d incarnations, %v", s.seed, len(log), len(s.nodes), s.faults)
	s.checkLog(log)
	s.checkEnds(log)
	t := s.nodes[0].table
	if err := t.fold(context.Background(), 0); err != nil {
		s.t.Fatal(err)
	}
	a := t.Account(alice)
	if err := checkAccount(a); err != nil {
		s.fail("%v", err)
	}
	for _, c := range s.clients {
		s.checkAcked(c, log)
		s.checkEnded(c, a)
	}
	s.checkGhosts(a)
}

func (s *sim) readLog() (log []*events.Stored) {
	for st, err := range s.log.Read(context.Background(), events.Range{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		log = append(log, st)
	}
	return log
}

// checkLog walks over the log: I2 and I10 hold after every record, no event is
// stored twice, no decision led to two, and a session that is repeated is as
// the record says.
func (s *sim) checkLog(log []*events.Stored) {
	type decision struct {
		cause   events.ConnID
		session events.SessionID
		kind    events.Kind
	}
	ids, decisions := make(map[events.EventID]bool), make(map[decision]bool)
	names, closed := make(map[events.JID]events.SessionID), make(map[events.SessionID]bool)
	var known *session.Account
	for _, st := range log {
		known = session.Apply(known, st)
		d := decision{st.Cause, st.Session, st.Event.Kind()}
		if ids[st.ID] || !st.Cause.IsZero() && decisions[d] {
			s.fail("record %d: %s of %s is stored twice", st.Seq, d.kind, nameOf(st.Session))
		}
		ids[st.ID], decisions[d] = true, true
		if closed[st.Session] {
			s.fail("I10: record %d: %s of %s after its end", st.Seq, d.kind, nameOf(st.Session))
		}
		switch st.Event.(type) {
		case events.Bound:
			if other, taken := names[st.JID]; taken && !closed[other] {
				s.fail("I2: record %d binds %s to %s, which %s has", st.Seq, nameOf(st.Session), st.JID, nameOf(other))
			}
			names[st.JID] = st.Session
		case events.Refreshed:
			is := new(session.Account).With([]*session.Session{known.Session(st.Session)})
			if repeated := session.Apply(nil, st); fingerprint(repeated) != fingerprint(is) {
				s.fail("record %d repeats\n%sas\n%s", st.Seq, fingerprint(is), fingerprint(repeated))
			}
		case events.Closed:
			closed[st.Session] = true
		}
	}
}

// checkEnds: nobody ends a session as lost but the connection that has it.
func (s *sim) checkEnds(log []*events.Stored) {
	holder := make(map[events.SessionID]events.ConnID)
	for _, st := range log {
		var reason events.Reason
		switch e := st.Event.(type) {
		case events.Authenticated, events.Resumed:
			holder[st.Session] = st.Cause
		case events.Detached:
			reason = e.Reason
		case events.Closed:
			reason = e.Reason
		}
		switch reason {
		case "", events.ReasonReplaced, events.ReasonResumed, events.ReasonConnectorLost:
			continue
		}
		if holder[st.Session] != st.Cause {
			s.fail("record %d: %s ends %s, which %s has", st.Seq, nameOf(st.Cause), nameOf(st.Session), nameOf(holder[st.Session]))
		}
	}
}

// checkAcked is I12: what was acknowledged is in the log, where it was said to
// be.
func (s *sim) checkAcked(c *client, log []*events.Stored) {
	for _, a := range c.acked {
		if int(a.seq) > len(log) || log[a.seq-1].Cause != a.cause {
			s.fail("I12: what was acknowledged to %s at %d is not there", c.name, a.seq)
		}
	}
}

// checkEnded looks for ends that were forgotten, and for sessions that were
// said to be closed and aren't.
func (s *sim) checkEnded(c *client, a *session.Account) {
	for _, id := range c.gone {
		if a.Session(id) != nil {
			s.fail("%s is said to be closed, and isn't", nameOf(id))
		}
	}
	for _, h := range c.ended {
		if left := a.Session(h.session); left != nil && !left.Detached() && left.Conn == h.conn {
			s.fail("the end of %s was forgotten, which %s has", nameOf(h.session), left.Connector())
		}
	}
}

// checkGhosts: nobody is online but those whose connection is still there.
func (s *sim) checkGhosts(a *session.Account) {
	var kept []events.ConnID
	for _, c := range s.clients {
		for _, h := range c.kept {
			if !h.node.fenced {
				kept = append(kept, h.conn)
			}
		}
	}
	if a == nil {
		return // no login succeeded
	}
	for _, left := range a.Sessions() {
		if !left.Detached() && !slices.Contains(kept, left.Conn) {
			s.fail("%s is a ghost: %s has it by %s", nameOf(left.ID), left.Connector(), nameOf(left.Conn))
		}
	}
}
