package main

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session"
	"rollcall/session/accounts"
)

// newKick ends sessions by appending to the log; it talks to no connector. So
// it works on a session whose connector is dead, too.
func newKick(con *console) *cobra.Command {
	var (
		svc    service
		reason string
	)
	cmd := &cobra.Command{
		Use:   "kick JID",
		Short: "End one session (user@domain/resource) or all of an account",
		Args:  arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			jid, err := parseTarget(args[0])
			if err != nil {
				return err
			}
			if len(reason) > session.MaxKickText {
				return usagef("--reason: %d bytes are more than %d", len(reason), session.MaxKickText)
			}
			if !utf8.ValidString(reason) {
				return usagef("--reason: %q is not UTF-8", reason)
			}
			return svc.administer(ctx, func(_ *bus.Bus, admin *accounts.Admin) error { return kick(ctx, con, admin, jid, reason) })
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "`TEXT` for the client and the history")
	return cmd
}

// kick ends sessions and names them.
func kick(ctx context.Context, con *console, admin *accounts.Admin, jid events.JID, text string) error {
	ended, _, err := admin.Kick(ctx, jid, session.Kick{Resource: jid.Resource(), Text: text, By: operator()})
	if err != nil {
		return err
	}
	if len(ended) == 0 {
		return fmt.Errorf("%s has no session", jid)
	}
	for _, s := range ended {
		if _, err := fmt.Fprintf(con.out, "kicked %s on %s\n", printable(s.JID().String()), printable(s.Connector().Name)); err != nil {
			return err
		}
	}
	return nil
}
