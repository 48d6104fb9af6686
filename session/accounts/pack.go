package accounts

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/presence"
)

// Peek has the messages that wait for an account read without taking them.
type Peek interface {
	Peek(ctx context.Context, account events.JID) iter.Seq2[events.Document, error]
}

// Pack puts together what is kept of an account, as it is now, to be moved elsewhere.
// Parts that can't be read are noted in the bundle, and so are roles; the error is one of
// the stores.
func (s *Store) Pack(ctx context.Context, a Account, waiting Peek) (*bundle.Bundle, error) {
	b := bundle.New(a.JID)
	if c := a.Credentials; c == nil {
		b.Leave("keys", a.Err)
	} else {
		b.SHA256, b.SHA1, b.Disabled, b.Created = c.SHA256, c.SHA1, c.Disabled, c.Created
		for _, role := range append([]string{c.Role}, c.Further...) {
			if role != "" {
				b.Leave("role "+role, errors.New("no other server knows it"))
			}
		}
	}
	var err error
	if b.Contacts, err = s.roster(ctx, a.JID); err != nil {
		return nil, err
	}
	if b.Kept, err = pep.Read(ctx, s.Private, a.JID); err != nil {
		return nil, fmt.Errorf("what %s keeps: %w", a.JID, err)
	}
	doc, err := s.Blocked.Get(ctx, a.JID)
	if err == nil {
		b.Blocked, err = presence.DecodeBlocked(doc)
	}
	if err != nil && !errors.Is(err, events.ErrNotFound) {
		return nil, err
	}
	for m, err := range waiting.Peek(ctx, a.JID) {
		if err != nil {
			return nil, err
		}
		b.Waiting = append(b.Waiting, m.Data)
	}
	return b, nil
}
