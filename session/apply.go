package session

import (
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Apply returns the account after a record of its history. It is pure, total
// and idempotent: a record at or before a.Seq changes nothing, and one that
// makes no sense (of a session that is closed, say) only moves the sequence.
// a may be nil. The result keeps the record's strings; whoever reads into
// reused memory clones them first.
//
// The caller applies an account's own records only, in their order.
func Apply(a *Account, st *events.Stored) *Account {
	if a != nil && st.Seq <= a.Seq {
		return a
	}
	next := moved(a, st)
	old := a.Session(st.Session)
	switch e := st.Event.(type) {
	case events.Authenticated:
		if old == nil {
			d := draft{Session{ID: st.Session, Conn: st.Cause, Since: st.At}, st.JID.Bare().String(), e.Address}
			d.hold(st.Connector)
			d.setRole(e.Role)
			return with(next, nil, &d)
		}
	case events.Closed:
		if old != nil {
			return next.With(without(a.Sessions(), old))
		}
	case events.Refreshed:
		if old == nil {
			d := restored(st, e)
			return with(next, nil, &d)
		}
	case events.RoleChanged:
		if len(a.Sessions()) > 0 {
			return changeRole(next, e)
		}
	default:
		if old == nil {
			break
		}
		if d := old.draft(); d.change(st) {
			return with(next, old, &d)
		}
	}
	if next.p == nil {
		return next.withOthers(others{jid: st.JID.Bare().Clone()})
	}
	return same(next)
}

// moved is the account after a record that has no other effect.
func moved(a *Account, st *events.Stored) (next Account) {
	at := st.Prev
	if a != nil {
		next, at = *a, a.CredentialsSeq()
	}
	if rekeys(st.Event) {
		at = st.Seq
	}
	next.Seq = st.Seq
	next.setCredentialsSeq(at)
	return next
}

// same is an account of which only the sequence has moved. It is a function of its own
// so that each case allocates only what it returns.
func same(a Account) *Account { return &a }

// rekeys reports an event after which what proved the knowledge of a password before,
// that the account may log in and with which role, proves nothing.
func rekeys(e events.Event) bool {
	switch e.(type) {
	case events.PasswordChanged, events.AccountRemoved, events.AccountDisabled, events.AccountEnabled, events.RoleChanged:
		return true
	}
	return false
}

// with is the account with a session in the place of old, which may be nil.
func with(a Account, old *Session, d *draft) *Account {
	if a.n == 0 || a.n == 1 && old != nil {
		return d.account(a)
	}
	return withAmong(a, old, d)
}

// withAmong is with among others, each at the place that its rank has.
func withAmong(a Account, old *Session, d *draft) *Account {
	s := d.session()
	list := make([]*Session, 0, a.n+1)
	for _, o := range a.Sessions() {
		if o != old && !s.displaces(o) {
			list = append(list, o)
		}
	}
	i, _ := slices.BinarySearchFunc(list, s, compare)
	return a.With(slices.Insert(list, i, s))
}

// displaces keeps "one session per full JID" true of every log, even of one
// that no Decide wrote: the later bind wins.
func (s *Session) displaces(o *Session) bool {
	return s.Bound() && o.Bound() && o.ID != s.ID && o.name() == s.name()
}

func without(list []*Session, s *Session) []*Session {
	i := slices.Index(list, s)
	return slices.Concat(list[:i], list[i+1:])
}

// change carries out an event of a session's middle life on its draft c, and
// reports whether it makes a difference.
func (c *draft) change(st *events.Stored) bool {
	if _, binds := st.Event.(events.Bound); !binds {
		return c.Bound() && c.changeBound(st)
	}
	if c.Bound() || st.JID.IsBare() {
		return false
	}
	c.name, c.state = st.JID.String(), c.state|bound
	return true
}

// changeBound continues change for the events of connected resources only.
func (c *draft) changeBound(st *events.Stored) bool {
	switch e := st.Event.(type) {
	case events.PresenceAvailable:
		c.Priority, c.Presence, c.PresenceAt = e.Priority, e.Stanza, st.At
		c.state |= available
	case events.PresenceUnavailable:
		c.Priority, c.Presence, c.PresenceAt = 0, "", 0
		c.state &^= available
		c.direct(nil)
	case events.PresenceDirected:
		c.direct(directed(c.Directed(), e))
	case events.RosterRequested:
		c.state |= interested
	case events.CarbonsEnabled:
		c.state |= carbons
	case events.CarbonsDisabled:
		c.state &^= carbons
	case events.StreamManagementEnabled:
		r := c.ownOptional()
		r.tokenHash, r.max = e.TokenHash, e.Max
		c.state |= managed
		if e.Resumable {
			c.state |= resumable
		}
	case events.RoleTaken:
		c.setRole(e.Role)
	case events.Detached:
		c.ownOptional().until = e.Until
		c.state |= detached
	case events.Resumed:
		c.Conn, c.address = st.Cause, e.Address
		c.hold(st.Connector)
		c.state &^= detached
	default:
		return false
	}
	return true
}

// ownOptional gives the copy an optional part of its own to change.
func (s *Session) ownOptional() *optional {
	var r optional
	if s.optional != nil {
		r = *s.optional
	}
	s.optional = &r
	return s.optional
}

func (s *Session) direct(to []events.JID) {
	if s.optional != nil || to != nil {
		s.ownOptional().directed = to
	}
}

func directed(to []events.JID, e events.PresenceDirected) []events.JID {
	i := slices.Index(to, e.To)
	switch {
	case e.Available && i < 0:
		return append(slices.Clip(to), e.To)
	case !e.Available && i >= 0:
		return slices.Concat(to[:i], to[i+1:])
	}
	return to
}
