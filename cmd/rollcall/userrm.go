package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/session/accounts"
)

// newUserRm removes what is kept of an account outside the log. The log is
// append-only: what happened stays until retention takes it.
func newUserRm(con *console, svc *service) *cobra.Command {
	return &cobra.Command{
		Use:   "rm JID",
		Short: "Remove an account, its sessions, roster and waiting messages",
		Long: "Remove an account: it can no longer log in, its sessions end, its roster, its\n" +
			"subscriptions, its block list, what it stored and published, and its waiting\n" +
			"messages are deleted. Its history stays, as the log's retention says.",
		Args: arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			return svc.administer(ctx, func(_ *bus.Bus, admin *accounts.Admin) error {
				ended, err := admin.Remove(ctx, operator(), account)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(con.out, "removed %s; ended %s\n", account, plural(len(ended), "session"))
				return err
			})
		}),
	}
}
