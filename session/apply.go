package session

import (
	"slices"

	"rollcall/events"
)

// Apply returns the account after a record of its history. It is pure, total
// and idempotent: a record at or before a.Seq changes nothing, and one that
// makes no sense (of a session that is closed, say) only moves the sequence.
// a may be nil. The result keeps the record's strings; whoever reads into
// reused memory clones them first.
//
// The caller applies an account's own records only, in their order.
func Apply(a *Account, st *events.Stored) *Account {
	next := Account{JID: st.JID.Bare(), Seq: st.Seq, At: st.At, CredentialsSeq: st.Prev}
	if a != nil {
		if st.Seq <= a.Seq {
			return a
		}
		next.JID, next.CredentialsSeq, next.Sessions = a.JID, a.CredentialsSeq, a.Sessions
	}
	if rekeys(st.Event) {
		next.CredentialsSeq = st.Seq
	}
	old := a.Session(st.Session)
	switch e := st.Event.(type) {
	case events.Authenticated:
		if old == nil {
			return with(next, nil, Session{
				ID: st.Session, JID: next.JID, Connector: st.Connector, Conn: st.Cause, Since: st.At, address: e.Address,
			})
		}
	case events.Closed:
		if old != nil {
			return without(next, old)
		}
	case events.Refreshed:
		if old == nil {
			return with(next, nil, restored(next.JID, st, e))
		}
	default:
		if old == nil {
			break
		}
		if changed := *old; changed.change(st) {
			return with(next, old, changed)
		}
	}
	return moved(next)
}

// rekeys reports an event after which what proved the knowledge of a password before
// proves nothing.
func rekeys(e events.Event) bool {
	switch e.(type) {
	case events.PasswordChanged, events.AccountRemoved:
		return true
	}
	return false
}

// moved is an account of which only the sequence has moved. Like with and
// without it is a function of its own so that each case allocates only what
// it returns.
func moved(a Account) *Account { return &a }

// without is the account with a session less.
func without(a Account, s *Session) *Account {
	a.drop(s)
	return &a
}

// with is the account with s in the place of old, which may be nil.
func with(a Account, old *Session, s Session) *Account {
	if len(a.Sessions) == 0 || len(a.Sessions) == 1 && old != nil {
		return single(a, s)
	}
	return several(a, old, s)
}

// single makes an account of one session, which most are, in one piece: one
// allocation for each event, and one place in memory for a lookup to go to.
func single(a Account, s Session) *Account {
	one := &struct {
		Account
		session Session
		list    [1]*Session
	}{Account: a, session: s}
	one.list[0] = &one.session
	one.Sessions = one.list[:]
	return &one.Account
}

func several(a Account, old *Session, s Session) *Account {
	a.dropNamesake(&s)
	a.put(old, &s)
	return &a
}

// change carries out an event of a session's middle life on its copy c, and
// reports whether it makes a difference.
func (c *Session) change(st *events.Stored) bool {
	if _, binds := st.Event.(events.Bound); !binds {
		return c.Bound() && c.changeBound(st)
	}
	if c.Bound() || st.JID.IsBare() {
		return false
	}
	c.JID, c.state = st.JID, c.state|bound
	return true
}

// changeBound continues change for the events of connected resources only.
func (c *Session) changeBound(st *events.Stored) bool {
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
	case events.Detached:
		c.ownOptional().until = e.Until
		c.state |= detached
	case events.Resumed:
		c.Connector, c.Conn, c.address = st.Connector, st.Cause, e.Address
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

// put replaces old, which may be nil, by s, at the place that its rank has.
func (a *Account) put(old, s *Session) {
	list := make([]*Session, 0, len(a.Sessions)+1)
	for _, o := range a.Sessions {
		if o != old {
			list = append(list, o)
		}
	}
	i, _ := slices.BinarySearchFunc(list, s, compare)
	a.Sessions = slices.Insert(list, i, s)
}

func (a *Account) drop(s *Session) {
	i := slices.Index(a.Sessions, s)
	if len(a.Sessions) == 1 {
		a.Sessions = nil
		return
	}
	a.Sessions = slices.Concat(a.Sessions[:i], a.Sessions[i+1:])
}

// dropNamesake keeps "one session per full JID" true of every log, even of one
// that no Decide wrote: the later bind wins.
func (a *Account) dropNamesake(s *Session) {
	for _, o := range a.Sessions {
		if s.Bound() && o.Bound() && o.ID != s.ID && o.JID == s.JID {
			a.drop(o)
			return
		}
	}
}
