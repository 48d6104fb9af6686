package delivery

import (
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A Case is all that the way of a stanza depends on.
type Case struct {
	To   events.JID // not zero
	Kind Kind
	// Account is the recipient's, with the sessions that can be reached; nil if
	// there are none.
	Account *session.Account
	// Foreign: the domain is none of ours.
	Foreign bool
	// Unknown: there is no such account, or nothing can be kept for it. It
	// matters only where the verdict without it is Store or Answer.
	Unknown bool
}

// A Verdict says what becomes of a stanza, and why.
type Verdict struct {
	Action Action
	Reason Reason
	// Targets get the stanza if Action is Deliver. The slice must not be changed.
	Targets []*session.Session
	// Carbons are the recipient's other sessions that want a copy of the
	// message that is delivered or stored, if the message is eligible
	// (XEP-0280, 6.1) and they have not sent it themselves.
	Carbons []*session.Session
	// Condition is that of the error if Action is Refuse.
	Condition stanza.Condition
	// ToAccount: the targets get it for the bare JID, even if it was sent to a
	// full one, and only as long as they may.
	ToAccount bool
}

// misses reports a verdict that may be wrong because the log has a session that
// the table does not have yet: its client may have been told so at another
// connector. A message that is stored for an account is looked after once it is.
func (v *Verdict) misses(to events.JID) bool {
	switch v.Reason {
	case NoSuchSession:
		return true
	case NobodyThere:
		return v.Action == Drop || !to.IsBare()
	}
	return v.Action == Deliver && v.Reason != ByFullJID && !to.IsBare() // a chat to a full JID
}

// An Action is what is done with a stanza.
type Action uint8

const (
	Deliver Action = iota // to the targets
	Store                 // until a resource becomes available (XEP-0160)
	Answer                // by the server, for the account
	Refuse                // with an error to its sender
	Drop                  // in silence
)

// String is the action in a word, for people and scripts.
func (a Action) String() string {
	return [...]string{"deliver", "store", "answer", "refuse", "drop"}[a]
}

// Decide applies RFC 6121, 8.5. It is pure: connectors carry the verdict out, and
// whoever asks where a stanza goes is shown it.
func Decide(c Case) Verdict {
	switch {
	case c.Foreign && c.Kind.answers():
		return Verdict{Action: Drop, Reason: NotServed}
	case c.Foreign:
		return Verdict{Action: Refuse, Reason: NotServed, Condition: stanza.RemoteServerNotFound}
	case c.To.Local() == "" && c.Kind == ErrorMessage:
		return Verdict{Action: Drop, Reason: OfServer}
	case c.To.Local() == "" && c.Kind.message():
		return refused(OfServer)
	case c.To.IsBare():
		return c.toAccount()
	}
	if found := c.resource(); found != nil {
		return c.deliver(ByFullJID, found)
	}
	return c.toGone()
}

// resource is the session that has the full JID, as a slice of one.
func (c *Case) resource() []*session.Session {
	if c.Account == nil {
		return nil
	}
	s := c.Account.Resource(c.To.Resource())
	if s == nil {
		return nil
	}
	i := slices.Index(c.Account.Sessions(), s)
	return c.Account.Sessions()[i : i+1 : i+1]
}

// toGone is 8.5.3.2: no session has the full JID. A chat goes on with whoever of
// the account is there, or waits; a normal message was for that resource, and its
// sender is told, which is one of the two answers that 8.5.3.2.1 allows.
func (c *Case) toGone() Verdict {
	switch c.Kind {
	case Chat:
		return c.toAccount()
	case Headline, ErrorMessage, Presence, Response:
		return Verdict{Action: Drop, Reason: NoSuchSession}
	}
	return refused(NoSuchSession)
}

// toAccount is 8.5.2: a headline goes to all who can get it, now or never; a
// normal message or a chat to the best, who may be several, or into the store.
// A message from a room goes to full JIDs alone.
func (c *Case) toAccount() Verdict {
	switch c.Kind {
	case ErrorMessage, Response:
		return Verdict{Action: Drop, Reason: NeverAnswered}
	case Groupchat:
		return refused(NotForAccounts)
	case Headline:
		return c.deliverOr(Drop, ByNonNegative, nonNegative(c.Account))
	case Presence:
		return c.deliverOr(Drop, ByAvailable, c.Account.Available())
	case Request:
		if c.Unknown {
			return refused(NoSuchAccount)
		}
		return Verdict{Action: Answer, Reason: ByServer}
	}
	if best := c.Account.Best(); len(best) > 0 {
		return c.deliverOr(Deliver, ByPriority, best)
	}
	if c.Unknown {
		return refused(NoSuchAccount)
	}
	return Verdict{Action: Store, Reason: NobodyThere, Carbons: c.carbons(nil)}
}

// nonNegative are the sessions that get a stanza for all of an account's.
func nonNegative(a *session.Account) []*session.Session {
	list := a.Available()
	for i, s := range list {
		if s.Priority < 0 {
			return list[:i]
		}
	}
	return list
}

// deliverOr delivers to the account's sessions, if there are any.
func (c *Case) deliverOr(otherwise Action, why Reason, to []*session.Session) Verdict {
	if len(to) == 0 {
		return Verdict{Action: otherwise, Reason: NobodyThere}
	}
	v := c.deliver(why, to)
	v.ToAccount = true
	return v
}

func (c *Case) deliver(why Reason, to []*session.Session) Verdict {
	return Verdict{Action: Deliver, Reason: why, Targets: to, Carbons: c.carbons(to)}
}

// carbons are the account's sessions that want copies of a conversation and are
// not among those that get it (XEP-0280, 7).
func (c *Case) carbons(but []*session.Session) (list []*session.Session) {
	if c.Account == nil || c.Kind != Chat && c.Kind != Normal {
		return nil
	}
	for _, s := range c.Account.Sessions() {
		if s.Carbons() && !slices.Contains(but, s) {
			list = append(list, s)
		}
	}
	return list
}

func refused(why Reason) Verdict {
	return Verdict{Action: Refuse, Reason: why, Condition: stanza.ServiceUnavailable}
}
