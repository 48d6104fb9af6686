package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
	"github.com/rollcall-xmpp/rollcall/replay/logins"
)

// newLogins shows who came in and who did not. Failed logins are in a stream that is
// bounded; for the others all of the log is read, unless the filter names accounts.
func newLogins(con *console) *cobra.Command {
	var (
		svc          service
		since, until string
		limit        int
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:   "logins [JID] [FILTER...]",
		Short: "Show who logged in, and who tried and failed",
		Long: "Show logins (authenticated), sessions that were taken up again (resumed) and\n" +
			"failed logins (auth_failed), oldest first: all, or those that a filter means.\n" +
			"\"rollcall events --help\" explains filters. The most useful keys for logins are\n" +
			"address, account, type, mechanism, tls, agent and condition.\n\n" +
			"Failed logins come from another stream than the rest, so they have no sequence\n" +
			"and are placed among the rest by time. Failed logins alone (type:auth_failed),\n" +
			"or the logins of some accounts alone, are found at once; otherwise the whole log\n" +
			"is read, or the time that is given, or with --limit no more than it takes.",
		Example: "  rollcall logins address:192.0.2.0/24 --since 1d\n" +
			"  rollcall logins type:auth_failed --limit 20\n" +
			"  rollcall logins alice@localhost\n" +
			"  rollcall logins 'agent:gajim*' -mechanism:SCRAM* --since 7d",
		ValidArgsFunction: completeKeys(filter.EventKeys()),
		RunE: verb(func(ctx context.Context, args []string) error {
			span, err := parseSpan(since, until, time.Now())
			if err != nil {
				return err
			}
			f, err := parseLogins(args)
			if err != nil {
				return err
			}
			if limit < 0 {
				return usagef("--limit: %d is less than nothing", limit)
			}
			return svc.use(ctx, func(b *bus.Bus) error { return showLogins(ctx, con, b, f, span, limit, asJSON) })
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&since, "since", "", "from this `TIME` on")
	cmd.Flags().StringVar(&until, "until", "", "before this `TIME`")
	cmd.Flags().IntVar(&limit, "limit", 0, "only the newest `N`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, as docs/schema has it")
	con.wideFlag(cmd)
	return cmd
}

// parseLogins reads a filter, before which there may be an account.
func parseLogins(args []string) (*filter.Filter, error) {
	jid, terms := jidAndTerms(args)
	f, err := parseFilter(terms)
	if jid == "" || err != nil {
		return f, err
	}
	account, err := parseTarget(jid)
	switch {
	case err != nil:
		return nil, err
	case !account.IsBare():
		return nil, usagef("a login has no resource yet: give %s", account.Bare())
	}
	return f.And("account", `"`+strings.ReplaceAll(account.String(), `\`, `\\`)+`"`)
}

// showLogins writes a line for each. The newest are read from the end, so that a few of
// them are found at once in a long log.
func showLogins(ctx context.Context, con *console, b *bus.Bus, f *filter.Filter, span replay.Span, limit int, asJSON bool) error {
	lines, err := newRecordLines(ctx, con, b, asJSON)
	if err != nil {
		return err
	}
	lines.ofAll()
	if err := sayBegins(ctx, con, b, span.Since); err != nil {
		return err
	}
	source := logins.Source{Log: b.Log(), Pre: b.Pre()}
	shown, err := watchLogins(ctx, con, b, f)
	if err != nil {
		return err
	}
	defer shown.stop()
	q := logins.Question{Filter: f, Since: span.Since, Until: span.Until, Newest: limit > 0, Go: func() bool { shown.add(1); return true }}
	r, err := source.Open(ctx, q)
	if err != nil {
		return err
	}
	defer r.Close()
	var newest []*events.Stored
	for st, err := range r.All() {
		switch {
		case err != nil:
			return err
		case limit == 0:
			if err := lines.write(ctx, st); err != nil {
				return err
			}
			continue
		}
		if newest = append(newest, st); len(newest) == limit {
			break
		}
	}
	for _, st := range slices.Backward(newest) {
		if err := lines.write(ctx, st); err != nil {
			return err
		}
	}
	if lines.count == 0 {
		con.say("no logins%s", span)
	}
	return lines.flush(ctx)
}

// watchLogins shows how many records were looked at, where that may be many.
func watchLogins(ctx context.Context, con *console, b *bus.Bus, f *filter.Filter) (*progress, error) {
	shown := &progress{}
	if len(f.Accounts()) > 0 {
		return shown, nil
	}
	info, err := b.Log().Info(ctx)
	if err != nil {
		return nil, err
	}
	shown.start(con, "looking at records", int(info.Records))
	return shown, nil
}
