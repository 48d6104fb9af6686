package main

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// newConnectors shows the connectors that there are, by the leases, and the
// sessions that they hold, by the table. Of a moment both are what the log says.
func newConnectors(con *console) *cobra.Command {
	var (
		svc    service
		at     string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "connectors",
		Short: "Show the connectors and what they hold",
		Long: "Show the connectors and what they hold. Alive is one that has a lease; lost is\n" +
			"one that did not renew its lease in time, and serves nobody any longer. It\n" +
			"leaves the list when another one, or its next start, has closed its sessions.\n" +
			"Draining is one that sends its clients to the others (\"rollcall drain\"), and\n" +
			"drained when none is left.\n\n" +
			"With --at they are those of a moment. Where one listened then is not kept.",
		Args: arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			m, err := parseMoment(at, time.Now())
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				list, known, err := sourceOf(con, b).Connectors(ctx, m)
				if err != nil {
					return err
				}
				if err := sayKnown(ctx, con, b, known.Whole, m); err != nil {
					return err
				}
				sayDifferent(con, list)
				sayOtherRoles(con, list)
				return showConnectors(con, list, asJSON)
			})
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "as it was at a `TIME|SEQ`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	con.wideFlag(cmd)
	return cmd
}

// showConnectors puts last what may be long. The epoch is for comparing with
// the history.
func showConnectors(c *console, list []ask.Connector, asJSON bool) error {
	now := time.Now()
	t := newTable(c, "NAME", "STATE", "SESSIONS", "AVAILABLE", timeHead("SINCE", c.zoneName(now)), "EPOCH", "LISTENS")
	for _, v := range list {
		if asJSON {
			if err := c.printJSON(v); err != nil {
				return err
			}
			continue
		}
		since := "-"
		if at, err := time.Parse(time.RFC3339, v.Since); err == nil {
			since = c.stamp(at, now)
		}
		where := inWords(set(field{"c2s", v.C2S}, field{"c2s-tls", v.C2STLS}, field{"ws", v.WS}, field{"ws-tls", v.WSTLS}))
		if err := t.row(v.Name, stateOf(v), strconv.Itoa(v.Sessions), strconv.Itoa(v.Available), since, strconv.FormatUint(v.Epoch, 10), cmp.Or(where, "-")); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		c.say("no connectors")
	}
	return t.flush()
}

// stateOf is the state of a connector in a word. To scripts one that is drained is alive.
func stateOf(v ask.Connector) string {
	switch {
	case v.Drain == nil || v.State != ask.Alive:
		return v.State
	case v.Sessions > 0:
		return "draining"
	}
	return "drained"
}
