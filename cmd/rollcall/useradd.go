package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/session"
)

// newUserAdd makes an account: the credentials first, by a compare-and-set that
// refuses an account that exists, then the event. An account whose event could
// not be written can log in; its history only begins with the first login.
func newUserAdd(con *console, svc *service) *cobra.Command {
	return &cobra.Command{
		Use:   "add JID",
		Short: "Make an account; the password from a prompt or standard input",
		Args:  arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				store := credentialStore{b.Accounts()}
				// Before a person types a password twice for nothing.
				if err := store.vacant(ctx, account); err != nil {
					return err
				}
				password, err := con.password(ctx, account.String())
				if err != nil {
					return err
				}
				if err := store.create(ctx, account, password); err != nil {
					return err
				}
				if _, err := record(ctx, b, account, session.CreateAccount{}); err != nil {
					return err
				}
				if _, err = fmt.Fprintf(con.out, "added %s\n", account); err != nil {
					return err
				}
				return sayUnserved(ctx, con, b, account.Domain())
			})
		}),
	}
}
