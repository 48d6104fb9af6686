package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// demoUsers are the accounts of --demo; each one's password is its name. The
// first two are each other's contacts.
var demoUsers = [...]string{"alice", "bob", "carol"}

// A demoAccount is one of --demo.
type demoAccount struct {
	events.JID
	changed bool // its password is no longer its name
}

// makeDemo makes the demo accounts that are missing and returns all of them.
// Those that exist stay as they are.
func makeDemo(ctx context.Context, b *bus.Bus, domain string) (all []demoAccount, err error) {
	admin, err := adminOf(b)
	if err != nil {
		return nil, err
	}
	fresh := 0
	for _, user := range demoUsers {
		account, err := events.NewJID(user, domain, "")
		if err != nil {
			return nil, err
		}
		made := demoAccount{JID: account}
		switch err := admin.Create(ctx, operator(), account, user); {
		case errors.Is(err, accounts.ErrExists):
			if made.changed, err = passwordChanged(ctx, admin.Store, account); err != nil {
				return nil, fmt.Errorf("demo accounts: %w", err)
			}
		case err != nil:
			return nil, fmt.Errorf("demo accounts: %w", err)
		default:
			fresh++
		}
		all = append(all, made)
	}
	if fresh > 0 {
		err = admin.Befriend(ctx, all[0].JID, all[1].JID)
	}
	return all, err
}

// passwordChanged reports that an account's password is not its name.
func passwordChanged(ctx context.Context, store *accounts.Store, account events.JID) (bool, error) {
	credentials, err := store.Credentials(ctx, account)
	if err != nil {
		return false, err
	}
	same, err := credentials.Verifies(account.Local())
	return !same, err
}

// describe says how to log in.
func (a demoAccount) describe() string {
	if a.changed {
		return fmt.Sprintf("%-20s with the password that it was given", a.JID)
	}
	return fmt.Sprintf("%-20s password %s", a.JID, a.Local())
}
