package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session/auth"
)

// credentialStore keeps credentials as documents. It implements auth.Accounts.
type credentialStore struct{ docs *bus.Documents }

// Credentials implements auth.Accounts.
func (s credentialStore) Credentials(ctx context.Context, account events.JID) (*auth.Credentials, error) {
	doc, err := s.docs.Get(ctx, account)
	if errors.Is(err, events.ErrNotFound) {
		return nil, auth.ErrNoAccount
	}
	if err != nil {
		return nil, err
	}
	return auth.DecodeCredentials(doc.Data)
}

// errExists: there is such an account already.
var errExists = errors.New("the account exists already")

// vacant reports errExists if there is such an account now.
func (s credentialStore) vacant(ctx context.Context, account events.JID) error {
	_, err := s.docs.Get(ctx, account)
	switch {
	case err == nil:
		return fmt.Errorf("%s: %w", account, errExists)
	case errors.Is(err, events.ErrNotFound):
		return nil
	}
	return err
}

// create makes an account unless there is one.
func (s credentialStore) create(ctx context.Context, account events.JID, password string) error {
	c, err := auth.NewCredentials(password, time.Now())
	if err != nil {
		return err
	}
	_, err = s.docs.Put(ctx, account, c.Encode(), 0)
	if errors.Is(err, events.ErrConflict) {
		return fmt.Errorf("%s: %w", account, errExists)
	}
	return err
}

// setPassword replaces the password of an account.
func (s credentialStore) setPassword(ctx context.Context, account events.JID, password string) error {
	return s.edit(ctx, account, func(doc bus.Document) error {
		old, err := auth.DecodeCredentials(doc.Data)
		if err != nil {
			return err
		}
		c, err := old.WithPassword(password, time.Now())
		if err != nil {
			return err
		}
		_, err = s.docs.Put(ctx, account, c.Encode(), doc.Revision)
		return err
	})
}

// remove removes an account's credentials.
func (s credentialStore) remove(ctx context.Context, account events.JID) error {
	return s.edit(ctx, account, func(doc bus.Document) error {
		return s.docs.Delete(ctx, account, doc.Revision)
	})
}

// edit reads the document and calls change, again if somebody else was first.
func (s credentialStore) edit(ctx context.Context, account events.JID, change func(bus.Document) error) error {
	for {
		doc, err := s.docs.Get(ctx, account)
		if errors.Is(err, events.ErrNotFound) {
			return fmt.Errorf("%s: %w", account, auth.ErrNoAccount)
		}
		if err != nil {
			return err
		}
		if err = change(doc); !errors.Is(err, events.ErrConflict) {
			return err
		}
	}
}

// secretName is the key of the document with the secret that all connectors
// share. It is no account: it has no localpart, and no host has that name
// (RFC 6761, 6.4).
const secretName = "secret.rollcall.invalid"

// sharedSecret reads the secret that auth.New wants, and makes it if this is
// the first connector ever.
func sharedSecret(ctx context.Context, docs *bus.Documents) ([]byte, error) {
	key, err := events.ParseJID(secretName)
	if err != nil {
		return nil, err
	}
	for {
		doc, err := docs.Get(ctx, key)
		if err == nil {
			return doc.Data, nil
		}
		if !errors.Is(err, events.ErrNotFound) {
			return nil, fmt.Errorf("shared secret: %w", err)
		}
		secret := make([]byte, 32)
		rand.Read(secret)
		_, err = docs.Put(ctx, key, secret, 0)
		if err == nil {
			return secret, nil
		}
		if !errors.Is(err, events.ErrConflict) { // else another connector was first
			return nil, fmt.Errorf("shared secret: %w", err)
		}
	}
}
