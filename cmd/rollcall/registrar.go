package main

import (
	"context"
	"errors"
	"fmt"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session/auth"
)

// A registrar lets a connector's clients do what "rollcall user" does. It
// implements c2s.Registry.
type registrar struct{ bus *bus.Bus }

// Create implements c2s.Registry, as the others do.
func (r registrar) Create(ctx context.Context, account events.JID, password string) error {
	err := r.credentials().create(ctx, account, password)
	if errors.Is(err, errExists) {
		return fmt.Errorf("%w: %w", events.ErrConflict, err)
	}
	return err
}

func (r registrar) SetPassword(ctx context.Context, account events.JID, password string) error {
	return r.credentials().setPassword(ctx, account, password)
}

func (r registrar) Remove(ctx context.Context, account events.JID) error {
	err := r.credentials().remove(ctx, account)
	if errors.Is(err, auth.ErrNoAccount) {
		return nil
	}
	return err
}

func (r registrar) Forget(ctx context.Context, account events.JID) error {
	return forgetAccount(ctx, r.bus, account)
}

func (r registrar) credentials() credentialStore { return credentialStore{r.bus.Accounts()} }
