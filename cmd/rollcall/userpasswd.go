package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/session"
)

// newUserPasswd replaces the credentials and then ends the account's sessions,
// whose connectors see it in the log. Whoever logs in between the two with the
// new password is sent away once more.
func newUserPasswd(con *console, svc *service) *cobra.Command {
	return &cobra.Command{
		Use:   "passwd JID",
		Short: "Change a password and end the account's sessions",
		Args:  arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				store := credentialStore{b.Accounts()}
				if _, err := store.Credentials(ctx, account); err != nil {
					return fmt.Errorf("%s: %w", account, err)
				}
				password, err := con.password(ctx, account.String())
				if err != nil {
					return err
				}
				// The password first: a session that ends can't come back with
				// the old one.
				if err := store.setPassword(ctx, account, password); err != nil {
					return err
				}
				ended, err := record(ctx, b, account, session.ChangePassword{})
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(con.out, "changed the password of %s; ended %s\n", account, plural(ended, "session"))
				return err
			})
		}),
	}
}
