package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// newHistory reads one account's subject, so it costs what that account has
// done, not what the log holds; for all accounts, what they did in the time
// asked for. The failed logins are looked for in a stream that is bounded.
func newHistory(con *console) *cobra.Command {
	var (
		svc          service
		since, until string
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:   "history [JID] [FILTER...]",
		Short: "Show what happened to an account's sessions, or to all",
		Long: "Show every event of an account or of one full JID or, with --since, of all, in\n" +
			"order. Failed logins are among them by their time; they are of another stream,\n" +
			"so they have no sequence. With --since alone so are connections that failed\n" +
			"before a login, as in a TLS handshake: they belong to no account.\n" +
			"A closed event ends with \"at\", the connector that held the session. In the\n" +
			"history of all it is missing if the session did nothing else in that time.\n" +
			"\"rollcall sessions --help\" explains the reasons of a closed event, and\n" +
			"\"rollcall events --help\" filters, which select among all of these.",
		Example: "  rollcall history alice@localhost --since 1d\n" +
			"  rollcall history alice@localhost class:session,connection\n" +
			"  rollcall history type:auth_failed address:192.0.2.0/24 --since 1d",
		Args: cobra.ArbitraryArgs, ValidArgsFunction: completeKeys(filter.EventKeys()),
		RunE: verb(func(ctx context.Context, args []string) error {
			span, err := parseSpan(since, until, time.Now())
			if err != nil {
				return err
			}
			jid, terms := jidAndTerms(args)
			chosen, err := parseFilter(terms)
			if err != nil {
				return err
			}
			if jid != "" {
				span.Of, err = parseTarget(jid)
			} else if list := chosen.Accounts(); len(list) == 1 {
				span.Of = list[0]
			} else if span.Since.IsZero() {
				err = usagef("give a JID, or for the history of all --since")
			}
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return showHistory(con, ctx, b, span, chosen, asJSON) })
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&since, "since", "", "from this `TIME` on")
	cmd.Flags().StringVar(&until, "until", "", "before this `TIME`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, as docs/schema has it")
	con.wideFlag(cmd)
	return cmd
}

// showHistory writes what happened, a line for each record.
func showHistory(c *console, ctx context.Context, b *bus.Bus, span replay.Span, chosen *filter.Filter, asJSON bool) error {
	lines, err := newRecordLines(ctx, c, b, asJSON)
	if err != nil {
		return err
	}
	if span.Of.IsZero() {
		lines.ofAll()
	}
	if err := sayBegins(ctx, c, b, span.Since); err != nil {
		return err
	}
	held := holdersOf(b.Log(), span)
	for st, err := range replay.History(ctx, b.Log(), b.Pre(), span) {
		at := ""
		if err == nil {
			at, err = held.Take(ctx, st)
		}
		switch {
		case events.IsPoison(err) && !chosen.Damaged(), err == nil && !chosen.Event(st):
			continue
		case events.IsPoison(err):
			err = lines.damaged(ctx, err)
		case err == nil:
			err = lines.writeHeld(ctx, st, at)
		}
		if err != nil {
			return err
		}
	}
	if lines.count == 0 {
		c.say("no history%s", span)
	}
	return lines.flush(ctx)
}

// holdersOf knows the connectors that held sessions, of one account also those of
// before the span. Of all accounts that would be a look back for each session.
func holdersOf(log events.Log, span replay.Span) *ask.Holders {
	if span.Of.IsZero() {
		return ask.NewHolders(nil)
	}
	return ask.NewHolders(log.Read)
}
