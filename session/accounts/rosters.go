package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// roster reads an account's; nil if it has none.
func (s *Store) roster(ctx context.Context, owner events.JID) (*roster.Roster, error) {
	doc, err := s.Rosters.Get(ctx, owner)
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

// move takes the owner's roster through steps with one contact.
func (s *Store) move(ctx context.Context, owner, contact events.JID, steps ...step) error {
	_, err := events.Update(ctx, s.Rosters, owner, func(doc events.Document) ([]byte, error) {
		var r *roster.Roster
		var err error
		if doc.Revision > 0 {
			if r, err = roster.Decode(doc.Revision, doc.Data); err != nil {
				return nil, err
			}
		}
		for _, st := range steps {
			var c roster.Change
			if st.out {
				c, err = r.Outbound(contact, st.kind)
			} else {
				c, err = r.Inbound(contact, st.kind, roster.Every, nil)
			}
			if err != nil {
				return nil, fmt.Errorf("roster of %s: %w", owner, err)
			}
			r = c.Roster
		}
		if doc.Revision == 0 && r.Len() == 0 {
			return nil, nil // nothing before, nothing now
		}
		return r.Encode(), nil
	})
	return err
}

// Befriend makes each of the two get the other's presence. The side that grants
// is written first: whoever seems to get presence does get it.
func (s *Store) Befriend(ctx context.Context, a, b events.JID) error {
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

// leaveRosters takes an account out of the rosters of its contacts'
// subscriptions, and its own roster away. The side that gets presence is written
// first. If a contact's stanza comes in between, all of it is done again.
func (s *Store) leaveRosters(ctx context.Context, owner events.JID) error {
	_, err := events.Update(ctx, s.Rosters, owner, func(doc events.Document) ([]byte, error) {
		if doc.Revision == 0 {
			return nil, nil
		}
		r, err := roster.Decode(doc.Revision, doc.Data)
		if err != nil {
			return nil, err
		}
		for contact := range r.Watchers() {
			if err := s.move(ctx, contact, owner, step{false, roster.Unsubscribed}); err != nil {
				return nil, err
			}
		}
		for item := range r.Items() {
			if item.Subscription == roster.None && !item.Ask {
				continue // its contact knows nothing of it
			}
			if err := s.move(ctx, item.JID, owner, step{false, roster.Unsubscribe}, step{false, roster.Unsubscribed}); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	return err
}
