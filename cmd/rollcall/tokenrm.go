package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

func newTokenRm(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rm NAME",
		Short: "Remove a token; programs that use it are refused at once",
		Args:  arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			return svc.use(ctx, func(b *bus.Bus) error {
				err := access.Remove(ctx, b.Tokens(), args[0])
				if errors.Is(err, access.ErrNoToken) {
					return fmt.Errorf("%w; rollcall token list has all", err)
				}
				if err != nil {
					return err
				}
				if asJSON {
					return con.printJSON(removedView{args[0], true})
				}
				_, err = fmt.Fprintf(con.out, "removed the token %s\n", printable(args[0]))
				return err
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}
