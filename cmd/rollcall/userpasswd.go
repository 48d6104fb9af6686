package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// newUserPasswd changes a password and ends the sessions that had the old one.
func newUserPasswd(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "passwd JID",
		Short: "Change a password and end the account's sessions",
		Args:  arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			return svc.administer(ctx, func(b *bus.Bus, admin *accounts.Admin) error {
				if err := onlyOwn(ctx, b, account.Domain(), "change the password there"); err != nil {
					return err
				}
				if _, err := admin.Credentials(ctx, account); err != nil {
					return fmt.Errorf("%s: %w", account, err)
				}
				password, err := con.password(ctx, account.String())
				if err != nil {
					return err
				}
				ended, err := admin.SetPassword(ctx, operator(), account, password)
				if err != nil {
					return err
				}
				text := fmt.Sprintf("changed the password of %s; ended %s", account, plural(len(ended), "session"))
				return con.tellChange(ctx, admin, outcome{account: account, ended: ended, text: text}, asJSON)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}
