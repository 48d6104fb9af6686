package roster

import (
	"math"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A state is the subscription to one contact as appendix A.1 has it: the nine
// states are the combinations where ask excludes to and pendingIn excludes
// from. It has pre-approval (section 3.4) beside them, and the numbers of the
// requests that led to it.
type state struct {
	to, from       bool
	ask, pendingIn bool
	approved       bool
	ours           number // of the user's request, with ask or to
	theirs         number // of the contact's, with pendingIn or from
}

// A number tells one request of a user to a contact from each other one, later
// ones being greater: it is one more than the version of the roster that the
// request was made on, and compare-and-set lets only one change be made on a
// version. 0 is a request from before there were numbers, which may be any.
type number = uint64

// Every stands for all requests, whatever their numbers.
const Every = math.MaxUint64

// same reports that two numbers are those of one request, as far as can be known.
func same(a, b number) bool { return a == b || min(a, b) == 0 || max(a, b) == Every }

func (r *Roster) state(contact events.JID) state {
	var s state
	if i := r.orEmpty().request(contact); i >= 0 {
		s.pendingIn, s.theirs = true, r.requests[i].number
	}
	if item := r.item(contact); item != nil {
		s.to, s.from = item.Subscription.to(), item.Subscription.from()
		s.ask, s.approved, s.ours = item.Ask, item.Approved, item.ours
		if s.from {
			s.theirs = item.theirs
		}
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

// known reports that there is a request of the contact, granted or not.
func (s state) known() bool { return s.from || s.pendingIn }

// upTo is the newest request of the contact that the user can be about to refuse.
func (s state) upTo() number {
	if s.known() && s.theirs == 0 {
		return Every
	}
	return s.theirs
}

// outbound is what a stanza of the user does (appendix A.2 and section 3.4),
// and whether it is routed. next is the number of a request that is made now.
func (s state) outbound(k Kind, next number) (state, bool) {
	switch k {
	case Subscribe:
		if !s.to && !s.ask {
			s.ask, s.ours = true, next
		}
		return s, true
	case Unsubscribe:
		s.to, s.ask, s.ours = false, false, 0
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
		known := s.known()
		s.approved = false
		return s.refused(), known
	}
}

// refused has no request of the contact any longer.
func (s state) refused() state {
	s.from, s.pendingIn, s.theirs = false, false, 0
	return s
}

// inbound is what a stanza of the contact does (appendix A.3), and whether it
// is delivered. n says which request it is about: the one that it makes or grants,
// or the newest of those that it ends. One that is about an older request than the
// user's roster knows of is late, and does nothing.
//
// A request that is granted already, or in advance, is not delivered; the server
// answers for the user (section 3.1.3), see [Agree].
func (s state) inbound(k Kind, n number) (next state, deliver bool) {
	switch k {
	case Subscribe:
		return s.asked(n)
	case Unsubscribe:
		if deliver = s.known() && s.theirs <= n; deliver {
			s = s.refused()
		}
	case Subscribed:
		if deliver = s.ask && same(s.ours, n); deliver {
			s.to, s.ask = true, false
		}
	default: // Unsubscribed
		if deliver = (s.to || s.ask) && s.ours <= n; deliver {
			s.to, s.ask, s.ours = false, false, 0
		}
	}
	return s, deliver
}

// asked is inbound for a request.
func (s state) asked(n number) (next state, deliver bool) {
	switch {
	case s.known() && same(s.theirs, n):
		s.theirs = max(s.theirs, n)
		return s, false
	case s.known() && n < s.theirs:
		return s, false
	}
	// The contact has thought better since of an older one that was granted.
	s.theirs = n
	s.from, s.pendingIn = s.approved, !s.approved
	return s, s.pendingIn
}
