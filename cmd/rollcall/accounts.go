package main

import (
	"rollcall/bus"
	"rollcall/session/accounts"
)

// cliName is the connector that the records of the command line name.
const cliName = "cli"

// storeOf is what the service keeps of accounts beside the log.
func storeOf(b *bus.Bus) *accounts.Store {
	return &accounts.Store{
		Keys: b.Accounts(), Rosters: b.Rosters(), Blocked: b.Blocked(), Private: b.Private(), Waiting: b.Waiting(),
	}
}

// adminOf changes accounts in the name of the command line.
func adminOf(b *bus.Bus) *accounts.Admin { return accounts.NewAdmin(b.Log(), storeOf(b), cliName) }
