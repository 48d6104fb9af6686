package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
	"github.com/rollcall-xmpp/rollcall/session/bans"
)

// newBan groups the verbs about networks that clients may not connect from.
func newBan(con *console) *cobra.Command {
	var svc service
	group := &cobra.Command{Use: "ban", Short: "Ban addresses and networks, list and lift bans"}
	chooseOne(group)
	svc.flags(group)
	group.AddCommand(newBanAdd(con, &svc), newBanList(con, &svc), newBanRm(con, &svc))
	return group
}

func newBanAdd(con *console, svc *service) *cobra.Command {
	var (
		p      penalty
		force  bool
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "add ADDRESS|NETWORK",
		Short: "Refuse connections from an address or a network, end its sessions",
		Long: "Refuse XMPP connections from an address or a network, for a time or until\n" +
			"\"ban rm\", and end the sessions there, at every connector. Behind proxies that\n" +
			"--trusted-proxy names the clients' addresses count. A narrower ban comes before\n" +
			"a wider one; banning a network again replaces its ban.",
		Example: "  rollcall ban add 192.0.2.7 --for 1d --reason 'guesses passwords'\n" +
			"  rollcall ban add 2001:db8::/64",
		Args: arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			network, err := bans.Parse(args[0])
			if err != nil {
				return usageError{err}
			}
			if err := bans.Check(network); err != nil && !force {
				return usagef("%w; --force bans it all the same", err)
			}
			now := time.Now()
			until, err := p.check(now)
			if err != nil {
				return err
			}
			b := bans.Ban{Network: network, Until: until.UTC(), Made: now.UTC().Truncate(time.Millisecond), Reason: p.reason, By: operator()}
			return svc.administer(ctx, func(_ *bus.Bus, admin *accounts.Admin) error { return addBan(ctx, con, admin, b, asJSON) })
		}),
	}
	p.flags(cmd, "for this `TIME` (default: until ban rm)")
	cmd.Flags().BoolVar(&force, "force", false, "even most of the internet, or this machine")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object, as ban list has it")
	return cmd
}

func addBan(ctx context.Context, con *console, admin *accounts.Admin, b bans.Ban, asJSON bool) error {
	if _, err := admin.Ban(ctx, b); err != nil {
		return err
	}
	if b.Network.Addr().Is6() && b.Network.IsSingleIP() {
		con.say("note: whoever has an address of IPv6 mostly has its /64, too")
	}
	if asJSON {
		return con.printJSON(b.View())
	}
	_, err := fmt.Fprintf(con.out, "banned %s%s\n", b.Network, con.untilText(b.Until, b.Made))
	return err
}

func newBanRm(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rm ADDRESS|NETWORK",
		Short: "Lift the ban of an address or a network",
		Args:  arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			network, err := bans.Parse(args[0])
			if err != nil {
				return usageError{err}
			}
			return svc.administer(ctx, func(_ *bus.Bus, admin *accounts.Admin) error {
				_, err := admin.Unban(ctx, operator(), network)
				if errors.Is(err, bans.ErrNoBan) {
					return fmt.Errorf("%w; rollcall ban list shows those that there are", err)
				}
				if err != nil {
					return err
				}
				if asJSON {
					return con.printJSON(removedView{network.String(), true})
				}
				_, err = fmt.Fprintf(con.out, "lifted the ban of %s\n", network)
				return err
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}
