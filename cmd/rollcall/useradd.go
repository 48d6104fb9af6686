package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// newUserAdd makes an account.
func newUserAdd(con *console, svc *service) *cobra.Command {
	var (
		role   string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "add JID",
		Short: "Make an account; the password from a prompt or standard input",
		Args:  arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			return svc.administer(ctx, func(b *bus.Bus, admin *accounts.Admin) error {
				// Before a person types a password twice for nothing.
				if err := onlyOwn(ctx, b, account.Domain(), "add "+account.Local()+" there, who has an account here from the first login on"); err != nil {
					return err
				}
				if err := admin.Vacant(ctx, account); err != nil {
					return err
				}
				if err := checkRole(ctx, b, role); err != nil {
					return err
				}
				password, err := con.password(ctx, account.String())
				if err != nil {
					return err
				}
				if err := admin.Register(ctx, operator(), account, password, role); err != nil {
					return err
				}
				if err := con.tellChange(ctx, admin, outcome{account: account, text: "added " + account.String()}, asJSON); err != nil {
					return err
				}
				return sayUnserved(ctx, con, b, account.Domain())
			})
		}),
	}
	cmd.Flags().StringVar(&role, "role", "", "`ROLE` of the account (default: "+roles.Default+")")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}
