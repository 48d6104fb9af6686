package main

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// An auditQuery says which entries are meant.
type auditQuery struct {
	access.Query
	span  replay.Span
	limit int // of the newest; 0: all
}

// newAudit shows the questions that were asked about persons, and by whom.
func newAudit(con *console) *cobra.Command {
	var (
		svc                 service
		since, until, about string
		q                   auditQuery
		asJSON              bool
	)
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who asked what about whom, and who changed what",
		Long: "Show who asked the API or the command line about accounts, and who ended\n" +
			"sessions, changed accounts, or made tokens. It is kept for a year, or until a\n" +
			"million entries are younger, and nobody can change it. Asking for it is on\n" +
			"record, too.\n\n" +
			"The command line itself reports its user, by the system's name. Whoever reaches\n" +
			"NATS with other programs leaves no entry here: NATS's permissions decide that.",
		Example: "  rollcall audit --about alice@localhost\n" +
			"  rollcall audit --by grafana --since 1d",
		Args: arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) (err error) {
			if q.span, err = parseSpan(since, until, time.Now()); err != nil {
				return err
			}
			if about != "" {
				if q.About, err = parseAccount(about); err != nil {
					return err
				}
			}
			if q.limit < 0 {
				return usagef("--limit: %d is less than nothing", q.limit)
			}
			return svc.use(ctx, func(b *bus.Bus) error { return q.show(ctx, con, b, asJSON) })
		}),
	}
	svc.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&since, "since", "", "from this `TIME` on")
	f.StringVar(&until, "until", "", "before this `TIME`")
	f.StringVar(&about, "about", "", "only what is about this `JID`, or names it")
	f.StringVar(&q.By, "by", "", "only what this `NAME` did, as BY shows it, or a\ntoken's alone")
	f.IntVar(&q.limit, "limit", 0, "only the newest `N`")
	f.BoolVar(&asJSON, "json", false, "one JSON object a line")
	con.wideFlag(cmd)
	return cmd
}

// entries are those that are meant, oldest first.
func (q *auditQuery) entries(ctx context.Context, b *bus.Bus) (list []access.Stored, err error) {
	for raw, err := range b.Audit().Read(ctx, q.span.Since, q.span.Until) {
		if err != nil {
			return nil, err
		}
		e, _ := access.Open(raw.Seq, raw.At, raw.Data) // one that can't be read says so
		if !q.Has(&e.Entry) {
			continue
		}
		if list = append(list, e); q.limit > 0 && len(list) >= 2*q.limit {
			list = append(list[:0], list[len(list)-q.limit:]...)
		}
	}
	if q.limit > 0 {
		list = list[max(0, len(list)-q.limit):]
	}
	return list, nil
}

// auditColumns are those that may have nothing: there is no room for such ones on a terminal.
type auditColumns struct{ from, rows bool }

func columnsOfAudit(con *console, list []access.Stored) auditColumns {
	all := con.columns() == 0
	return auditColumns{
		from: all || slices.ContainsFunc(list, func(e access.Stored) bool { return e.From != "" }),
		rows: all || slices.ContainsFunc(list, func(e access.Stored) bool { return e.Rows != nil }),
	}
}

// of are the cells of a row, without those of such columns.
func (a auditColumns) of(cells []string) (shown []string) {
	for i, c := range cells {
		if (i != 3 || a.from) && (i != 6 || a.rows) {
			shown = append(shown, c)
		}
	}
	return shown
}

func (q *auditQuery) show(ctx context.Context, con *console, b *bus.Bus, asJSON bool) error {
	list, err := q.entries(ctx, b)
	if err != nil {
		return err
	}
	putAbout(ctx, b, q.About) // not before, or the newest entry would always be this question
	now := time.Now()
	has := columnsOfAudit(con, list)
	head := []string{"SEQ", timeHead("TIME", con.zoneName(now)), "BY", "FROM", "DID", "ABOUT", "ROWS", "ASKED"}
	t := newTable(con, has.of(head)...).sentences()
	for i := range list {
		e := &list[i]
		if asJSON {
			if err := con.printJSON(e); err != nil {
				return err
			}
			continue
		}
		rows := "-"
		if e.Rows != nil {
			rows = strconv.Itoa(*e.Rows)
		}
		cells := []string{strconv.FormatUint(e.Seq, 10), con.stamp(e.At, now), e.By, cmp.Or(e.From, "-"), e.Did, cmp.Or(e.About.String(), "-"), rows, e.Asked}
		if err := t.row(has.of(cells)...); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		con.say("nothing on record")
	}
	return t.flush()
}
