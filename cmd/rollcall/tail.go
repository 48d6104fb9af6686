package main

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

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
			"\"rollcall events --help\" explains filters. Failed logins (auth_failed) are among\n" +
			"them; they are of another stream, and have no sequence.",
		Example: "  rollcall tail\n" +
			"  rollcall tail alice@localhost\n" +
			"  rollcall tail type:auth_failed\n" +
			"  rollcall tail -type:auth_failed\n" +
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
	con.wideFlag(cmd)
	return cmd
}

// tail shows what is stored from now on, failed logins among the rest. Without an account
// the lines name the JID in place of the resource.
func tail(ctx context.Context, con *console, b *bus.Bus, account events.JID, chosen *filter.Filter, asJSON bool) error {
	log, err := b.Log().Info(ctx)
	if err != nil {
		return err
	}
	pre, err := b.Pre().Info(ctx)
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
	con.say("following from sequence %d; Ctrl-C ends", log.Last+1)
	t := &tailing{con: con, account: account.Bare(), chosen: chosen, lines: lines}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return t.all(ctx, replay.Tail(ctx, b.Log(), account, log.Last), t.ofLog) })
	if chosen.May(events.KindAuthFailed) || chosen.BeforeLogin() {
		g.Go(func() error { return t.all(ctx, b.Pre().Follow(ctx, events.Range{After: pre.Last}), t.ofPre) })
	}
	return unlessOver(ctx, g.Wait())
}

// A tailing is a tail under way. Two streams are followed, whose records come together as
// they come.
type tailing struct {
	con     *console
	account events.JID // bare; zero: all
	chosen  *filter.Filter

	mu    sync.Mutex // held while a record is written, which is valid for as long
	lines *recordLines
}

// all shows the records that are meant.
func (t *tailing) all(ctx context.Context, records iter.Seq2[*events.Stored, error], show func(context.Context, *events.Stored, error) error) error {
	for st, err := range records {
		t.mu.Lock()
		err = show(ctx, st, err)
		t.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tailing) ofLog(ctx context.Context, st *events.Stored, err error) error {
	switch {
	case err == nil && !t.chosen.Event(st):
		return nil
	case err == nil:
		return t.lines.write(ctx, st)
	// Both pass: the next record follows them.
	case events.IsPoison(err) && !t.chosen.Damaged():
		return nil
	case events.IsPoison(err):
		return t.lines.damaged(ctx, err)
	case errors.Is(err, events.ErrUnavailable):
		t.con.say("%s; going on when it is back", printable(oneLine(err)))
		return nil
	}
	return err
}

// ofPre shows failed logins. Everything else that happens before there is an account,
// which is much, is shown where the filter means nothing else. An interruption is told by
// the log.
func (t *tailing) ofPre(ctx context.Context, st *events.Stored, err error) error {
	switch {
	case events.IsPoison(err), errors.Is(err, events.ErrUnavailable):
		return nil
	case err != nil:
		return err
	case st.Event.Kind() != events.KindAuthFailed && !t.chosen.BeforeLogin(),
		!t.account.IsZero() && st.Account() != t.account, !t.chosen.Event(st):
		return nil
	}
	return t.lines.write(ctx, st)
}
