package roster

import "rollcall/events"

// A state is the subscription to one contact as appendix A.1 has it: the nine
// states are the combinations where ask excludes to and pendingIn excludes
// from. It has pre-approval (section 3.4) beside them.
type state struct {
	to, from       bool
	ask, pendingIn bool
	approved       bool
}

func (r *Roster) state(contact events.JID) state {
	s := state{pendingIn: r.orEmpty().request(contact) >= 0}
	if item := r.item(contact); item != nil {
		s.to, s.from = item.Subscription.to(), item.Subscription.from()
		s.ask, s.approved = item.Ask, item.Approved
	}
	return s
}

func (s state) subscription() Subscription {
	switch {
	case s.to && s.from:
		return Both
	case s.to:
		return To
	case s.from:
		return From
	}
	return None
}

// outbound is what a stanza of the user does (appendix A.2 and section 3.4),
// and whether it is routed.
func (s state) outbound(k Kind) (state, bool) {
	switch k {
	case Subscribe:
		s.ask = !s.to
		return s, true
	case Unsubscribe:
		s.to, s.ask = false, false
		return s, true
	case Subscribed:
		if s.pendingIn {
			s.from, s.pendingIn = true, false
			return s, true
		}
		// Not asked for yet: an approval in advance, unless it was given.
		s.approved = s.approved || !s.from
		return s, false
	default: // Unsubscribed
		known := s.from || s.pendingIn
		s.from, s.pendingIn, s.approved = false, false, false
		return s, known
	}
}

// inbound is what a stanza of the contact does (appendix A.3), and whether it
// is delivered. A subscribe that is granted already is answered by the server
// (section 3.1.3), as told by granted.
func (s state) inbound(k Kind) (next state, deliver, granted bool) {
	switch k {
	case Subscribe:
		if s.from || s.approved {
			s.from, s.pendingIn = true, false
			return s, false, true
		}
		deliver = !s.pendingIn
		s.pendingIn = true
	case Unsubscribe:
		deliver = s.from || s.pendingIn
		s.from, s.pendingIn = false, false
	case Subscribed:
		deliver = s.ask
		s.to, s.ask = s.to || s.ask, false
	default: // Unsubscribed
		deliver = s.to || s.ask
		s.to, s.ask = false, false
	}
	return s, deliver, false
}
