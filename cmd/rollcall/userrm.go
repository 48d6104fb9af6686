package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// newUserRm removes what is kept of an account outside the log. The log is
// append-only: what happened stays until retention takes it.
func newUserRm(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
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
			return svc.administer(ctx, func(b *bus.Bus, admin *accounts.Admin) error {
				ended, err := admin.Remove(ctx, operator(), account)
				if err != nil {
					return err
				}
				text := fmt.Sprintf("removed %s; ended %s", account, plural(len(ended), "session"))
				if err := con.tellChange(ctx, admin, outcome{account: account, ended: ended, text: text}, asJSON); err != nil {
					return err
				}
				if kind, _, err := ask.Elsewhere(ctx, b.Leases(), account.Domain()); err == nil && kind != "" {
					con.say("note: the users of %s come from %s, and the account is made anew when it logs in; rollcall user disable keeps it out", account.Domain(), kind)
				}
				return tellTokens(ctx, con, b, account)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// tellTokens names the tokens that were for an account that is gone.
func tellTokens(ctx context.Context, con *console, b *bus.Bus, account events.JID) error {
	all, err := access.List(ctx, b.Tokens())
	for i := range all {
		for of := range all[i].Accounts() {
			if of == account {
				con.say("the token %s no longer lets anybody read of %s, not even if the account is made anew", all[i].Name, account)
			}
		}
	}
	return err
}
