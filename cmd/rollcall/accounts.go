package main

import (
	"context"
	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// cliName is the connector that the records of the command line name.
const cliName = "cli"

// storeOf is what the service keeps of accounts beside the log.
func storeOf(b *bus.Bus) *accounts.Store {
	return &accounts.Store{
		Keys: b.Accounts(), Rosters: b.Rosters(), Blocked: b.Blocked(), Private: b.Private(), Waiting: b.Waiting(),
		Names: names.New(b.Names(), b.Log()), Bans: b.Bans(),
	}
}

// adminOf changes accounts in the name of the command line.
func adminOf(b *bus.Bus) (*accounts.Admin, error) {
	return accounts.NewAdmin(b.Log(), storeOf(b), cliName)
}

// administer is use for a verb that changes accounts.
func (s *service) administer(ctx context.Context, do func(*bus.Bus, *accounts.Admin) error) error {
	return s.use(ctx, func(b *bus.Bus) error {
		admin, err := adminOf(b)
		if err != nil {
			return err
		}
		return do(b, admin)
	})
}
