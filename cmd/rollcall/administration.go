package main

import (
	"context"
	"iter"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// commandsName is the connector that the records of clients' commands name.
const commandsName = "commands"

// administration is what clients administer accounts with. They are on record like whoever
// uses the command line.
func (n *node) administration() (*c2s.Administration, error) {
	admin, err := accounts.NewAdmin(n.bus.Log(), storeOf(n.bus), commandsName)
	if err != nil {
		return nil, err
	}
	return &c2s.Administration{
		Accounts: admin,
		Sessions: func(read func(events.Position, iter.Seq[*session.Account])) { n.table.Snapshot(read) },
		Record: func(ctx context.Context, by events.Actor, command string, about events.JID) error {
			return access.Put(ctx, n.bus.Audit(), access.Entry{By: string(by), Did: "command " + command, About: about})
		},
	}, nil
}
