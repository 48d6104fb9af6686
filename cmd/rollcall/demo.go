package main

import (
	"context"
	"errors"
	"fmt"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session"
)

// demoUsers are the accounts of --demo; each one's password is its name. The
// first two are each other's contacts.
var demoUsers = [...]string{"alice", "bob", "carol"}

// makeDemo makes the demo accounts that are missing and returns all of them.
// What exists stays as it is.
func makeDemo(ctx context.Context, b *bus.Bus, domain string) (accounts []events.JID, err error) {
	store, fresh := credentialStore{b.Accounts()}, 0
	for _, user := range demoUsers {
		account, err := events.NewJID(user, domain, "")
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, account)
		err = store.create(ctx, account, user)
		if errors.Is(err, errExists) {
			continue
		}
		if err == nil {
			fresh++
			_, err = record(ctx, b, account, session.CreateAccount{})
		}
		if err != nil {
			return nil, fmt.Errorf("demo accounts: %w", err)
		}
	}
	if fresh > 0 {
		err = rosterStore{b.Rosters()}.befriend(ctx, accounts[0], accounts[1])
	}
	return accounts, err
}
