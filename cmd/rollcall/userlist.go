package main

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// newUserList lists the accounts, all of which are held in memory to sort them.
func newUserList(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Args:  arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			return svc.use(ctx, func(b *bus.Bus) error { return listAccounts(ctx, con, b, asJSON) })
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	con.wideFlag(cmd)
	return cmd
}

func listAccounts(ctx context.Context, con *console, b *bus.Bus, asJSON bool) error {
	list, err := storeOf(b).List(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	t := newTable(con, "ACCOUNT", timeHead("CREATED", con.zoneName(now)), "ROLE", "STATE").sentences()
	for _, a := range list {
		if a.Err != nil {
			con.say("%s: %v", printable(a.JID.String()), a.Err)
			continue
		}
		c := a.Credentials
		if asJSON {
			if err := con.printJSON(ask.AccountOf(a.JID, c, now)); err != nil {
				return err
			}
			continue
		}
		state := "active"
		if c.DisabledAt(now) {
			if state = "disabled"; !c.Disabling.Until.IsZero() {
				state += " until " + con.stamp(c.Disabling.Until, now)
			}
		}
		if err := t.row(a.JID.String(), con.stamp(c.Created, now), rolesText(c), state); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		con.say("no accounts yet; make one with: rollcall user add JID")
	}
	return t.flush()
}

// rolesText is the primary role and, with a plus, each of the further ones.
func rolesText(c *auth.Credentials) string {
	return strings.Join(append([]string{cmp.Or(c.Role, roles.Default)}, c.Further...), "+")
}
