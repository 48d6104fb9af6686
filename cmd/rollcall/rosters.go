package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session/roster"
)

// rosterStore keeps rosters as documents. Connectors watch the documents and
// push what changes to whoever is online.
type rosterStore struct{ docs *bus.Documents }

// get reads a roster; nil if the account has none.
func (s rosterStore) get(ctx context.Context, owner events.JID) (*roster.Roster, error) {
	doc, err := s.docs.Get(ctx, owner)
	if errors.Is(err, events.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("roster of %s: %w", owner, err)
	}
	return roster.Decode(doc.Revision, doc.Data)
}

// A step is one stanza about a subscription that the owner of a roster sent
// (out) or got.
type step struct {
	out  bool
	kind roster.Kind
}

// move takes the owner's roster through steps with one contact and stores it,
// again if somebody else was first.
func (s rosterStore) move(ctx context.Context, owner, contact events.JID, steps ...step) error {
	for {
		old, err := s.get(ctx, owner)
		if err != nil {
			return err
		}
		next := old
		for _, st := range steps {
			var c roster.Change
			if st.out {
				c, err = next.Outbound(contact, st.kind)
			} else {
				c, err = next.Inbound(contact, st.kind, nil)
			}
			if err != nil {
				return fmt.Errorf("roster of %s: %w", owner, err)
			}
			next = c.Roster
		}
		if next.Version() == 0 && next.Len() == 0 {
			return nil // nothing before, nothing now
		}
		_, err = s.docs.Put(ctx, owner, next.Encode(), next.Version())
		if !errors.Is(err, events.ErrConflict) {
			return err
		}
	}
}

// befriend makes each of the two get the other's presence. The side that
// grants is written first: whoever thinks to get presence does get it.
func (s rosterStore) befriend(ctx context.Context, a, b events.JID) error {
	for _, pair := range [][2]events.JID{{a, b}, {b, a}} {
		watcher, watched := pair[0], pair[1]
		err := s.move(ctx, watched, watcher, step{false, roster.Subscribe}, step{true, roster.Subscribed})
		if err == nil {
			err = s.move(ctx, watcher, watched, step{true, roster.Subscribe}, step{false, roster.Subscribed})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// remove takes an account out of the rosters of its contacts' subscriptions,
// and its own roster away. The side that gets presence is written first.
func (s rosterStore) remove(ctx context.Context, owner events.JID) error {
	r, err := s.get(ctx, owner)
	if err != nil || r == nil {
		return err
	}
	for contact := range r.Watchers() {
		if err := s.move(ctx, contact, owner, step{false, roster.Unsubscribed}); err != nil {
			return err
		}
	}
	for item := range r.Items() {
		if item.Subscription == roster.None && !item.Ask {
			continue // its contact knows nothing of it
		}
		if err := s.move(ctx, item.JID, owner, step{false, roster.Unsubscribe}, step{false, roster.Unsubscribed}); err != nil {
			return err
		}
	}
	err = s.docs.Delete(ctx, owner, r.Version())
	if errors.Is(err, events.ErrConflict) {
		return s.remove(ctx, owner) // a contact's stanza came in between
	}
	return err
}

// members are the accounts of a document store, sorted; documents that belong
// to no account are left out.
func members(ctx context.Context, docs *bus.Documents) ([]bus.Document, error) {
	var all []bus.Document
	for doc, err := range docs.All(ctx) {
		if err != nil {
			return nil, err
		}
		if doc.JID.Local() != "" {
			all = append(all, doc)
		}
	}
	slices.SortFunc(all, func(a, b bus.Document) int {
		return compareJIDs(a.JID, b.JID)
	})
	return all, nil
}
