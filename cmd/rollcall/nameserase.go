package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

func newNamesErase(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "erase JID",
		Short: "Forget whose an account's pseudonyms are",
		Long: "Forget whose pseudonyms an account has had, whether it is still there or not.\n" +
			"Exports keep them, so that figures stay what they were; nobody can tell any\n" +
			"longer whose they are. Records of the log up to now have no pseudonym from then\n" +
			"on, and later ones another. The log itself names the account until its retention\n" +
			"has removed the records, and a backup that was made before has the names.",
		Args: arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				n, err := names.New(b.Names(), b.Log()).Erase(ctx, account)
				switch {
				case errors.Is(err, names.ErrNobody):
					return fmt.Errorf("%s has no pseudonyms", account)
				case err != nil:
					return err
				case asJSON:
					return con.printJSON(erasedView{account, n})
				case n == 0:
					_, err = fmt.Fprintf(con.out, "%s had no pseudonym, and gets none for its records up to now\n", account)
				default:
					_, err = fmt.Fprintf(con.out, "forgot %s of %s: nobody can tell any longer whose\n", plural(n, "pseudonym"), account)
				}
				return err
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// An erasedView is an account whose pseudonyms are forgotten, as scripts see it.
type erasedView struct {
	Account   events.JID `json:"account"`
	Forgotten int        `json:"forgotten"` // pseudonyms
}
