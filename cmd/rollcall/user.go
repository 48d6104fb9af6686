package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session"
)

// newUser groups the verbs about accounts.
func newUser(con *console) *cobra.Command {
	var svc service
	group := &cobra.Command{Use: "user", Short: "Add, change, remove, list and import accounts"}
	chooseOne(group)
	svc.flags(group)
	group.AddCommand(
		newUserAdd(con, &svc), newUserPasswd(con, &svc), newUserRm(con, &svc),
		newUserList(con, &svc), newUserImport(con, &svc),
	)
	return group
}

// record appends what happened to an account. The change itself is made
// already when it is called, which the error says.
func record(ctx context.Context, b *bus.Bus, account events.JID, c session.Command) (ended int, err error) {
	writer, accounts := newWriter(b.Log())
	before, err := accounts.load(ctx, account)
	if err == nil {
		_, _, err = writer.Do(ctx, account, events.ConnID{}, c)
	}
	if err != nil {
		return 0, fmt.Errorf("%s is changed, but its history does not say so and its sessions go on: %w; repeat the command", account, err)
	}
	if before != nil {
		ended = len(before.Sessions)
	}
	return ended, nil
}

// compareJIDs sorts by domain, then account, then resource: what belongs
// together stands together.
func compareJIDs(a, b events.JID) int {
	return cmp.Or(
		cmp.Compare(a.Domain(), b.Domain()),
		cmp.Compare(a.Local(), b.Local()),
		cmp.Compare(a.Resource(), b.Resource()),
	)
}
