package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/presence"
)

// Replacing is the reason for which an account is disabled while it is replaced.
const Replacing = "being replaced by an import"

// A Bringing says how accounts come that another server had.
type Bringing struct {
	By      events.Actor // who brings them
	Replace bool         // accounts that exist are replaced; otherwise they stay as they are
	Keyless bool         // also accounts without keys, for a domain whose passwords another database has
}

// An Outcome is what became of an account that was brought.
type Outcome uint8

const (
	Made Outcome = iota
	Replaced
	Existed // and stayed as it was
)

// Bring makes an account of a bundle, whole or not at all: its credentials are stored
// last, so that nobody logs in before the rest is there, and a repetition begins anew
// with an account that was not finished. One that is replaced is disabled meanwhile; if
// that stops halfway it stays disabled until it is brought again, with or without
// Replace. Its role stays, and its sessions end.
//
// The parts that did not fit are added to those that the bundle leaves. A
// *bundle.Refusal says that the account can't be taken; other errors, that something
// could not be stored: repeat it.
func (a *Admin) Bring(ctx context.Context, how Bringing, b *bundle.Bundle) (Outcome, error) {
	doc, err := a.Keys.Get(ctx, b.Account)
	if err != nil && !errors.Is(err, events.ErrNotFound) {
		return Made, err
	}
	if errors.Is(err, events.ErrNotFound) {
		doc.Revision = 0
	}
	var old *auth.Credentials
	if doc.Revision > 0 {
		if old, err = auth.DecodeCredentials(doc.Data); err != nil {
			return Made, &bundle.Refusal{Account: b.Account.String(), Reason: err}
		}
		if !how.Replace && !unfinished(old) {
			return Existed, nil
		}
	}
	credentials, err := credentialsOf(b, how)
	if err != nil {
		return Made, &bundle.Refusal{Account: b.Account.String(), Reason: err}
	}
	if in, ok := auth.InheritanceOf(credentials); ok {
		if err := a.inherit(ctx, b.Account.Domain(), in); err != nil {
			return Made, err
		}
	}
	if old != nil {
		return Replaced, a.replace(ctx, how, b, old, doc.Revision, credentials)
	}
	if err := a.bringDocuments(ctx, b); err != nil {
		return Made, err
	}
	if _, err = a.Keys.Put(ctx, b.Account, credentials.Encode(), 0); err != nil {
		return Made, err
	}
	return Made, a.created(ctx, how.By, b.Account)
}

// credentialsOf makes those of an account that has none of its own, too, if it may.
func credentialsOf(b *bundle.Bundle, how Bringing) (*auth.Credentials, error) {
	now := time.Now()
	c, err := b.Credentials(now)
	switch {
	case err == nil || !b.Keyless():
	case how.Keyless:
		return auth.Keyless(now), nil
	default:
		return nil, bundle.ErrKeyless
	}
	return c, err
}

// unfinished reports that an account was being replaced, and not to the end.
func unfinished(c *auth.Credentials) bool { return c.Disabled && c.Disabling.Reason == Replacing }

// replace disables the account, changes all that is kept of it, and gives it its new
// credentials.
func (a *Admin) replace(ctx context.Context, how Bringing, b *bundle.Bundle, old *auth.Credentials, revision uint64, next *auth.Credentials) error {
	next.Role, next.Further, next.Created = old.Role, old.Further, old.Created
	if old.Disabled && !unfinished(old) {
		next.Disabled, next.Disabling = true, old.Disabling
	}
	if !old.Disabled {
		closed := *old
		closed.Disabled, closed.Disabling = true, auth.Disabling{Reason: Replacing, By: how.By}
		var err error
		if revision, err = a.Keys.Put(ctx, b.Account, closed.Encode(), revision); err != nil {
			return err
		}
	}
	if err := a.bringDocuments(ctx, b); err != nil {
		return err
	}
	if _, err := a.Keys.Put(ctx, b.Account, next.Encode(), revision); err != nil {
		return err
	}
	_, err := a.record(ctx, b.Account, session.ChangePassword{By: how.By})
	return err
}

// bringDocuments stores all but the credentials, in the place of those that are there.
func (a *Admin) bringDocuments(ctx context.Context, b *bundle.Bundle) error {
	for _, err := range a.Waiting.Take(ctx, b.Account) { // taking a message removes it
		if err != nil {
			return fmt.Errorf("waiting messages of %s: %w", b.Account, err)
		}
	}
	var contacts, kept []byte
	if b.Contacts != nil {
		contacts = b.Contacts.Encode()
	}
	if b.Kept != nil {
		kept = b.Kept.Encode()
	}
	for _, part := range []struct {
		docs events.Documents
		data []byte
	}{{a.Rosters, contacts}, {a.Private, kept}, {a.Blocked, presence.EncodeBlocked(b.Blocked)}} {
		_, err := events.Update(ctx, part.docs, b.Account, func(events.Document) ([]byte, error) { return part.data, nil })
		if err != nil {
			return err
		}
	}
	for i, m := range b.Waiting {
		err := a.Waiting.Store(ctx, b.Account, m)
		if errors.Is(err, events.ErrFull) || errors.Is(err, events.ErrTooLarge) {
			b.Leave(fmt.Sprintf("waiting message %d", i+1), err)
		} else if err != nil {
			return err
		}
	}
	return nil
}
