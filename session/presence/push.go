package presence

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// The stanzas that clients get of a roster that changes (RFC 6121, 2.1.6):
// pushes to interested resources, subscription stanzas, and the presence of
// contacts that are seen from now on or no longer.
//
// All of it follows the documents, so it is the same whichever connector made
// the change, and comes once for each revision. Changes that come while a client
// here waits for the result of its own are kept back until that is out (begin,
// finish).

// FollowRosters applies the changes that are made anywhere to the rosters of
// accounts that are here. It returns when ctx ends, or with an error if the
// documents are not those that it began with.
func (s *Service) FollowRosters(ctx context.Context) error {
	return events.Follow(ctx, s.cfg.Rosters, events.Follower{
		Begin: func(last uint64) uint64 {
			s.follow.Do(func() { close(s.following) })
			return last
		},
		Changed: func(doc events.Document) {
			if a := s.index.account(doc.JID); a != nil {
				a.changed(s, doc)
			}
		},
	})
}

// changed takes a document that was changed anywhere.
func (a *account) changed(s *Service, doc events.Document) {
	r, err := decodeRoster(doc)
	if err != nil {
		s.cfg.Logger.Error("roster document refused", "account", a.jid.String(), "error", err)
		return
	}
	a.store(r)
	s.tail.Lock()
	defer s.tail.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.applyPending(s)
}

// load reads the roster unless that was done before.
func (a *account) load(ctx context.Context, s *Service) error {
	a.loading.Lock()
	defer a.loading.Unlock()
	a.mu.Lock()
	loaded := a.loaded
	a.mu.Unlock()
	if loaded {
		return nil
	}
	select {
	case <-s.following:
	case <-ctx.Done():
		return fmt.Errorf("rosters are not followed yet: %w", ctx.Err())
	}
	r, err := s.Read(ctx, a.jid)
	if err != nil {
		return err
	}
	s.tail.Lock()
	defer s.tail.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roster, a.loaded = r, true
	s.index.watch(a, r, s.cfg.Table)
	a.applyPending(s)
	s.mend(a.jid, r)
	return nil
}

// current is the roster as known here.
func (a *account) current() *roster.Roster {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.roster
}

// begin keeps pushes back until finish.
func (a *account) begin() *roster.Roster {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy = true
	return a.roster
}

// store queues a roster to be applied.
func (a *account) store(r *roster.Roster) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending = append(a.pending, r)
}

// finish ends begin, and applies what came meanwhile. Before that it answers, if
// there is an answer, at a moment at which nobody can look at the roster: what
// the client is told holds for whatever it does next.
func (a *account) finish(s *Service, answer func()) {
	s.tail.Lock()
	defer s.tail.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if answer != nil {
		answer()
	}
	a.busy = false
	a.applyPending(s)
}

// applyPending applies what came meanwhile. The caller holds the tail and a.mu.
func (a *account) applyPending(s *Service) {
	if a.busy || !a.loaded {
		return
	}
	pending := a.pending
	a.pending = nil
	for _, r := range pending {
		a.apply(s, r)
	}
}

// apply makes a newer roster the account's and shows its clients what has
// changed: first the stanza that says why, then the push, then the presence that
// follows from it (RFC 6121, 3.1.5, 3.1.6 and 3.2.2). The index says who is
// watched, so it changes after hiding and before showing. The caller holds the
// tail and a.mu; no change of presence comes between.
func (a *account) apply(s *Service, next *roster.Roster) {
	old := a.roster
	if next.Version() <= old.Version() {
		return
	}
	a.roster = next
	a.notify(s, old, next)
	changed := roster.Diff(old, next)
	for _, item := range changed {
		a.push(s, item)
		a.hide(s, item.JID, old, next)
	}
	s.index.watch(a, next, s.cfg.Table)
	for _, item := range changed {
		a.reveal(s, item.JID, old, next)
	}
}

// push tells the interested resources of one item (RFC 6121, 2.1.6).
func (a *account) push(s *Service, item roster.Item) {
	for _, res := range s.index.resourcesOf(a) {
		if res.interested {
			push(res, version(a.roster), item)
		}
	}
}

// repeatPush is for a set that has changed nothing: the client waits for the
// push all the same (RFC 6121, 2.4.2). The account's other resources have had
// it.
func (a *account) repeatPush(res *Resource, contact events.JID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if item, ok := a.roster.Get(contact); ok && res.interested {
		push(res, version(a.roster), item)
	}
}

// push sends one item (2.1.6). The answer of the client needs nothing done.
func push(res *Resource, version string, item roster.Item) {
	res.srv.pushes.Add(1)
	b := append([]byte(nil), "<iq type='set'"...)
	b = stanza.AppendAttr(b, "id", rand.Text())
	b = stanza.AppendAttr(b, "to", res.jid.String())
	b = append(b, "><query xmlns='"+stanza.NSRoster+"'"...)
	b = append(stanza.AppendAttr(b, "ver", version), '>')
	res.send(append(appendItem(b, item), "</query></iq>"...))
}

// hide shows that a contact that the account ceases to watch is gone (RFC 6121,
// 3.2.3 and 3.3.3).
func (a *account) hide(s *Service, jid events.JID, old, next *roster.Roster) {
	c, _ := s.index.contact(jid)
	if c == nil || jid == a.jid || !old.Watches(jid) || next.Watches(jid) {
		return
	}
	for _, o := range c.seen.Available() {
		s.showTo(a, presence{from: o.JID(), text: unavailable})
	}
}

// reveal shows the presence of a contact whom the account begins to watch
// (RFC 6121, 3.1.5).
func (a *account) reveal(s *Service, jid events.JID, old, next *roster.Roster) {
	c, _ := s.index.contact(jid)
	if c == nil || jid == a.jid || old.Watches(jid) || !next.Watches(jid) {
		return
	}
	for _, o := range c.seen.Available() {
		s.showTo(a, presenceOf(o))
	}
}
