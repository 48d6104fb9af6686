package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
)

func newFeedRm(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rm NAME",
		Short: "Remove a feed, with the position of its reader",
		Args:  arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			return svc.use(ctx, func(b *bus.Bus) error {
				err := b.Public().RemoveFeed(ctx, args[0])
				if errors.Is(err, events.ErrNotFound) {
					return errNoFeed
				}
				if err != nil {
					return err
				}
				if asJSON {
					return con.printJSON(removedView{args[0], true})
				}
				_, err = fmt.Fprintf(con.out, "removed the feed %s\n", printable(args[0]))
				return err
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}
