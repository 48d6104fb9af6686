package main

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// newSessions shows the table, all of it or some, or what was in it in a span
// of time. For now it asks a running projector; for then, or if none runs, it
// folds the log itself, which takes as long as the log is. The list is sorted,
// so all of it is held in memory.
func newSessions(con *console) *cobra.Command {
	var (
		svc    service
		asked  sessionsFlags
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "sessions [JID] [FILTER...]",
		Short: "Show the session table, now, as it was, or over a time",
		Long: "Show the sessions, or only an account's or a full JID's: those of now, those\n" +
			"of a moment (--at), or all that there were in a span of time, with how each\n" +
			"one ended (--since, --until). The clients' addresses are shown with a JID,\n" +
			"over a span of time, or with --address.\n\n" +
			"A session is lost from the end of its connector's lease until it is closed. In\n" +
			"the past, it is lost from the event that says so (connector_lost), or from the\n" +
			"connector's next start if no other connector was there.\n\n" +
			"\"rollcall events --help\" explains filters. For sessions, the keys are:\n" +
			keyTable(filter.SessionKeys()) + "\n\n" + ask.Reasons(),
		Example: "  rollcall sessions\n" +
			"  rollcall sessions --at 10m           (ago; 14:03:07, \"2026-01-31 14:03\")\n" +
			"  rollcall sessions --at 4711          (after the event of this sequence)\n" +
			"  rollcall sessions bob@localhost --since 1d\n" +
			"  rollcall sessions --connector c2 --since 14:00 --until 15:00\n" +
			"  rollcall sessions address:192.0.2.0/24 -state:lost\n" +
			"  rollcall sessions reason:kicked,replaced 'duration:<1m' --since 1d",
		Args: cobra.ArbitraryArgs, ValidArgsFunction: completeKeys(filter.SessionKeys()),
		RunE: verb(func(ctx context.Context, args []string) error {
			q, err := asked.query(args, time.Now())
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return q.show(ctx, con, b, asJSON) })
		}),
	}
	svc.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&asked.at, "at", "", "as it was at a `TIME|SEQ`")
	f.StringVar(&asked.since, "since", "", "all that there were from this `TIME` on")
	f.StringVar(&asked.until, "until", "", "all that there were before this `TIME`")
	f.StringVar(&asked.connector, "connector", "", "only those of the connector with this `NAME`")
	f.BoolVar(&asked.address, "address", false, "addresses too")
	f.BoolVar(&asJSON, "json", false, "one JSON object a line")
	con.wideFlag(cmd)
	return cmd
}

// sessionsFlags are the flags of the verb as they were given.
type sessionsFlags struct {
	at, since, until, connector string
	address                     bool
}

// query checks what was asked.
func (f *sessionsFlags) query(args []string, now time.Time) (q sessionsQuery, err error) {
	q.which.Connector, q.address = f.connector, f.address
	jid, terms := jidAndTerms(args)
	if q.which.Filter, err = parseSessionFilter(terms); err != nil {
		return q, err
	}
	if jid != "" {
		q.which.JID, err = parseTarget(jid)
	} else if list := q.which.Filter.Accounts(); len(list) == 1 {
		q.which.JID = list[0]
	}
	if err != nil {
		return q, err
	}
	q.address = q.address || !q.which.JID.IsZero() || q.which.Filter.Asks("address")
	if q.at, err = parseMoment(f.at, now); err != nil {
		return q, err
	}
	if q.span, err = parseSpan(f.since, f.until, now); err != nil {
		return q, err
	}
	if q.ofSpan() && f.at != "" {
		return q, usagef("--at is for a moment, --since and --until are for a span: give one")
	}
	if !q.ofSpan() && q.which.Filter.AsksEnd() {
		return q, usagef("filter: sessions of one moment have not ended, so they have no reason, no text and nobody that ended them: give --since")
	}
	return q, nil
}

// A sessionsQuery says which sessions are meant.
type sessionsQuery struct {
	which   ask.Which
	address bool // the clients' are asked for
	at      replay.Moment
	span    replay.Span // of time; without limits for a moment
}

// ofSpan tells a question about a span of time from one about a moment.
func (q *sessionsQuery) ofSpan() bool { return !q.span.Since.IsZero() || !q.span.Until.IsZero() }

func (q *sessionsQuery) show(ctx context.Context, con *console, b *bus.Bus, asJSON bool) error {
	source := sourceOf(con, b)
	if q.ofSpan() {
		if err := saySince(ctx, con, b, source.Archive, q.span.Since); err != nil {
			return err
		}
		list, err := source.Lifetimes(ctx, q.which, q.span)
		if err != nil {
			return err
		}
		return showLifetimes(con, list, asJSON)
	}
	list, known, err := source.Sessions(ctx, q.which, q.at)
	if err != nil {
		return err
	}
	if err := sayKnown(ctx, con, b, known.Whole, q.at); err != nil {
		return err
	}
	return showSessions(con, list, q.address, asJSON)
}

// showSessions writes a line for each. ROSTER tells interested resources, which
// get roster pushes. There is a ROLE where any has another one than nearly all have.
func showSessions(c *console, list []query.Session, address, asJSON bool) error {
	now := time.Now()
	head := []string{"JID", "STATE", "PRI", "ROSTER", "CONNECTOR", timeHead("SINCE", c.zoneName(now))}
	role := slices.ContainsFunc(list, func(v query.Session) bool { return v.Role != "" && v.Role != roles.Default })
	if role {
		head = append(head, "ROLE")
	}
	if address {
		head = append(head, "ADDRESS")
	}
	t := newTable(c, head...)
	for i := range list {
		v := &list[i]
		if asJSON {
			if err := c.printJSON(v); err != nil {
				return err
			}
			continue
		}
		pri := "-"
		if v.Available {
			pri = strconv.Itoa(int(v.Priority))
		}
		cells := []string{v.JID.String(), v.State(), pri, yesNo(v.Interested), v.Connector, c.stamp(query.Time(v.Since), now)}
		if role {
			cells = append(cells, cmp.Or(v.Role, "-"))
		}
		if address {
			cells = append(cells, cmp.Or(v.Address, "-"))
		}
		if err := t.row(cells...); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		c.say("no sessions")
	}
	return t.flush()
}

// yesNo is a flag for people.
func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
