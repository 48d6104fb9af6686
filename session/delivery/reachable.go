package delivery

import (
	"cmp"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Reachable is an account with those of its sessions that a stanza can get to, as
// far as is known here: nil, or without sessions, if there is none. A session is left out
// if its connector's lease has ended or, if that is us, when it is just ending. Of
// our own sessions we know before the table does that they no longer take what is
// sent to the bare JID: such a one has a negative priority here, which means just
// that (RFC 6121, 8.5.2.1.1).
func (r *Router) Reachable(bare events.JID) *session.Account { return r.reachable(bare, nil) }

// reachable leaves out sessions that could not be reached already.
func (r *Router) reachable(bare events.JID, tried []events.SessionID) *session.Account {
	a := r.cfg.Table.Account(bare)
	if a == nil {
		return nil
	}
	for i, s := range a.Sessions() {
		if len(tried) > 0 || r.look(s) != takesAll {
			return r.partOf(a, i, tried)
		}
	}
	return a
}

// partOf builds what Reachable returns if it is not the account as the log has it;
// its first sessions are.
func (r *Router) partOf(a *session.Account, first int, tried []events.SessionID) *session.Account {
	list := slices.Clone(a.Sessions()[:first])
	for _, s := range a.Sessions()[first:] {
		if slices.Contains(tried, s.ID) {
			continue
		}
		switch r.look(s) {
		case isGone:
			continue
		case takesOwn:
			muted := *s
			muted.Priority = -1
			s = &muted
		}
		list = append(list, s)
	}
	// Those that are available come first already.
	part := a.With(list)
	slices.SortStableFunc(part.Available(), func(x, y *session.Session) int { return cmp.Compare(y.Priority, x.Priority) })
	return part
}

// The stanzas that a session takes at this moment.
type takes uint8

const (
	takesAll takes = iota
	takesOwn       // what is sent to its full JID
	isGone
)

func (r *Router) look(s *session.Session) takes {
	if !s.Bound() {
		return takesAll // nothing is sent to it
	}
	if here := r.cfg.Local.Recipient(s.ID); here != nil {
		if s.Available() && s.Priority >= 0 && !here.receptive.Load() {
			return takesOwn
		}
		return takesAll
	}
	if self := r.self(); s.Connector().Name == self.Name && s.Connector().Epoch <= self.Epoch || r.cfg.Table.IsLost(s.Connector()) {
		return isGone
	}
	return takesAll
}

// elsewhere reports that one of all, other than those that failed to get it, has
// the stanza.
func (r *Router) elsewhere(account events.JID, all, failed []events.SessionID) bool {
	if len(all) == 0 {
		return false
	}
	a := r.cfg.Table.Account(account)
	for _, id := range all {
		if slices.Contains(failed, id) {
			continue
		}
		if t := a.Session(id); t != nil && r.look(t) != isGone {
			return true
		}
	}
	return false
}
