package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/events"
)

// secretName is the key of the document with the secret that all connectors
// share. It is no account: it has no localpart, and no host has that name
// (RFC 6761, 6.4).
const secretName = "secret.rollcall.invalid"

// secretSize is in bytes.
const secretSize = 32

// SharedSecret reads the secret that auth.New wants from the bucket of
// credentials, and makes it if this is the first connector ever.
func SharedSecret(ctx context.Context, docs events.Documents) ([]byte, error) {
	key, err := events.ParseJID(secretName)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, secretSize)
	rand.Read(secret)
	if _, err = docs.Put(ctx, key, secret, 0); err == nil {
		return secret, nil
	}
	if !errors.Is(err, events.ErrConflict) {
		return nil, fmt.Errorf("shared secret: %w", err)
	}
	doc, err := docs.Get(ctx, key) // another connector was first
	if err != nil {
		return nil, fmt.Errorf("shared secret: %w", err)
	}
	return doc.Data, nil
}
