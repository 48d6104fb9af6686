package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/session/bans"
)

func newBanList(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the bans that have not ended",
		Args:  arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			return svc.use(ctx, func(b *bus.Bus) error {
				all, err := bans.List(ctx, b.Bans())
				if err != nil {
					return err
				}
				return showBans(con, all, asJSON)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	con.wideFlag(cmd)
	return cmd
}

func showBans(con *console, all []bans.Ban, asJSON bool) error {
	now := time.Now()
	t := newTable(con, "NETWORK", timeHead("BANNED", con.zoneName(now)), timeHead("UNTIL", con.zoneName(now)), "BY", "REASON").sentences()
	for i := range all {
		b := &all[i]
		until := "-"
		if !b.Until.IsZero() {
			until = con.stamp(b.Until, now)
		}
		var err error
		if asJSON {
			err = con.printJSON(b.View())
		} else {
			err = t.row(b.Network.String(), con.stamp(b.Made, now), until, string(b.By), cmp.Or(b.Reason, "-"))
		}
		if err != nil {
			return err
		}
	}
	if len(all) == 0 {
		con.say("no bans")
	}
	return t.flush()
}
