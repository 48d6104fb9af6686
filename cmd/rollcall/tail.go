package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// newTail follows the log, over interruptions too, until Ctrl-C, which is how
// it is meant to end and no error.
func newTail(con *console) *cobra.Command {
	var (
		svc    service
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "tail [JID] [FILTER...]",
		Short: "Show events as they happen; Ctrl-C ends",
		Long: "Show events as they happen: all, an account's, or those that a filter means.\n" +
			"\"rollcall events --help\" explains filters.",
		Example: "  rollcall tail\n" +
			"  rollcall tail alice@localhost\n" +
			"  rollcall tail type:closed -reason:client",
		Args: cobra.ArbitraryArgs, ValidArgsFunction: completeKeys(filter.EventKeys()),
		RunE: verb(func(ctx context.Context, args []string) error {
			var account events.JID
			jid, terms := jidAndTerms(args)
			chosen, err := parseFilter(terms)
			if err == nil && jid != "" {
				account, err = parseAccount(jid)
			}
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return tail(ctx, con, b, account, chosen, asJSON) })
		}),
	}
	svc.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, as docs/schema has it")
	return cmd
}

// tail shows what is stored from now on. Without an account the lines name
// the JID in place of the resource.
func tail(ctx context.Context, con *console, b *bus.Bus, account events.JID, chosen *filter.Filter, asJSON bool) error {
	info, err := b.Log().Info(ctx)
	if err != nil {
		return err
	}
	lines, err := newRecordLines(ctx, con, b, asJSON)
	if err != nil {
		return err
	}
	if account.IsZero() {
		lines.ofAll()
	}
	lines.live()
	con.say("following from sequence %d; Ctrl-C ends", info.Last+1)
	for st, err := range replay.Tail(ctx, b.Log(), account, info.Last) {
		switch {
		case err == nil && !chosen.Event(st):
		case err == nil:
			err = lines.write(ctx, st)
		// Both pass: the next record follows them.
		case events.IsPoison(err) && !chosen.Damaged():
			err = nil
		case events.IsPoison(err):
			err = lines.damaged(ctx, err)
		case errors.Is(err, events.ErrUnavailable):
			con.say("%s; going on when it is back", printable(oneLine(err)))
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
