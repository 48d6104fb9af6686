package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// newUserDisable keeps people out without taking anything away from them.
func newUserDisable(con *console, svc *service) *cobra.Command {
	var (
		p      penalty
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "disable JID",
		Short: "Refuse logins to an account and end its sessions; its data stays",
		Long: "Refuse logins to an account, for a time or until \"user enable\", and end its\n" +
			"sessions at every connector. Its roster and all else that is kept of it stays;\n" +
			"messages to it wait, as for anybody who is offline. Clients are told the reason.",
		Example: "  rollcall user disable bob@localhost --for 7d --reason 'sends advertising'",
		Args:    arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			now := time.Now()
			until, err := p.check(now)
			if err != nil {
				return err
			}
			return svc.administer(ctx, func(_ *bus.Bus, admin *accounts.Admin) error {
				ended, _, err := admin.Disable(ctx, account, session.DisableAccount{Until: nanoseconds(until), Text: p.reason, By: operator()})
				if err != nil {
					return err
				}
				text := fmt.Sprintf("disabled %s%s; ended %s", account, con.untilText(until, now), plural(len(ended), "session"))
				return con.tellChange(ctx, admin, outcome{account: account, ended: ended, text: text}, asJSON)
			})
		}),
	}
	p.flags(cmd, "for this `TIME` (default: until user enable)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

func newUserEnable(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "enable JID",
		Short: "Accept logins to an account that was disabled",
		Args:  arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			return svc.administer(ctx, func(_ *bus.Bus, admin *accounts.Admin) error {
				at, err := admin.Enable(ctx, operator(), account)
				if err != nil {
					return err
				}
				o := outcome{account: account, text: "enabled " + account.String()}
				if at == 0 {
					o.same, o.text = true, account.String()+" is not disabled; nothing was changed"
				}
				return con.tellChange(ctx, admin, o, asJSON)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}
