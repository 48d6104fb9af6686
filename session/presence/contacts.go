package presence

import (
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// A contact is an account that accounts here watch: their rosters have it with
// subscription to or both. The service's tail keeps its content together with
// the stanzas that the watchers have been sent.
type contact struct {
	// seen is the contact as its watchers have been shown it. The table may be
	// ahead by the event that Observe is about to be called for.
	seen *session.Account
	by   []*account // guarded by the index's mu; replaced, never changed
}

// seq is the contact's last event that its watchers know of.
func (c *contact) seq() events.Seq {
	if c.seen == nil {
		return 0
	}
	return c.seen.Seq
}

// contact returns an account as one that is watched here, with its watchers,
// which must not be changed, or nil.
func (x *index) contact(jid events.JID) (*contact, []*account) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	c := x.contacts[jid]
	if c == nil {
		return nil, nil
	}
	return c, c.by
}

// watch makes the index say what the account's roster says. The caller holds
// the service's tail.
func (x *index) watch(a *account, r *roster.Roster, table Table) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.accounts[a.jid] != a {
		return // forgotten meanwhile
	}
	x.idle.resize(a, r.Size())
	for jid := range a.watched {
		if !r.Watches(jid) {
			x.unwatch(a, jid)
		}
	}
	for jid := range r.Watched() {
		if _, ok := a.watched[jid]; ok {
			continue
		}
		a.watched[jid] = struct{}{}
		c := x.contacts[jid]
		if c == nil {
			c = &contact{seen: table.Account(jid)}
			x.contacts[jid] = c
		}
		c.by = append(slices.Clip(c.by), a)
	}
	x.trim()
}

// unwatch undoes watch for one contact. The caller holds the index's mu.
func (x *index) unwatch(a *account, jid events.JID) {
	delete(a.watched, jid)
	c := x.contacts[jid]
	c.by = slices.DeleteFunc(slices.Clone(c.by), func(o *account) bool { return o == a })
	if len(c.by) == 0 {
		delete(x.contacts, jid)
	}
}
