package main

import (
	"context"
	"errors"
	"fmt"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session/accounts"
)

// demoUsers are the accounts of --demo; each one's password is its name. The
// first two are each other's contacts.
var demoUsers = [...]string{"alice", "bob", "carol"}

// makeDemo makes the demo accounts that are missing and returns all of them.
// Those that exist stay as they are.
func makeDemo(ctx context.Context, b *bus.Bus, domain string) (all []events.JID, err error) {
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
		all = append(all, account)
		switch err := admin.Create(ctx, operator(), account, user); {
		case errors.Is(err, accounts.ErrExists):
			continue
		case err != nil:
			return nil, fmt.Errorf("demo accounts: %w", err)
		}
		fresh++
	}
	if fresh > 0 {
		err = admin.Befriend(ctx, all[0], all[1])
	}
	return all, err
}
