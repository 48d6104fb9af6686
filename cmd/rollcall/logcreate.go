package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
)

// newLogCreate makes the streams on a NATS where the service itself may not.
func newLogCreate(con *console, svc *service) *cobra.Command {
	var (
		limits logFlags
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make the log and the streams beside it on a NATS server or cluster",
		Long: "Make the log and all streams beside it, as \"rollcall up\" does where it may. On\n" +
			"servers with the permissions of \"rollcall nats-config\" the administrator alone\n" +
			"may: once at the beginning, and after an upgrade. Streams that are there stay as\n" +
			"they are. On servers that can't reserve the default size the log gets less.",
		Args: arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			if err := limits.validate(); err != nil {
				return err
			}
			begun := time.Now()
			return svc.make(ctx, &limits, func(b *bus.Bus) error {
				info, err := b.Log().Info(ctx)
				if err != nil {
					return err
				}
				if limits.differ(info) {
					con.say("note: the log was made with other limits than these, and keeps them; rollcall log set changes them")
				}
				if isMade := info.Now.Sub(info.Created) <= time.Since(begun); isMade && limits.limits.bytes == nil && info.MaxBytes < bus.DefaultMaxBytes {
					con.say("note: the servers can't reserve %s, so the log is smaller; with a greater max_file_store, rollcall log set --max-bytes raises it", sizeText(bus.DefaultMaxBytes))
				}
				if asJSON {
					return showLog(ctx, con, b, true)
				}
				_, err = fmt.Fprintf(con.out, "The log is there: it may have %s and keeps records for %s.\n", sizeText(info.MaxBytes), ageText(info.MaxAge))
				return err
			})
		}),
	}
	limits.define(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object, as rollcall log has it")
	return cmd
}
