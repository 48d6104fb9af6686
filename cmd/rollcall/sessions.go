package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/bus/courier"
	"rollcall/events"
	"rollcall/projector/query"
	"rollcall/replay"
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
		Use:   "sessions [JID]",
		Short: "Show the session table, now, as it was, or over a time",
		Long: "Show the sessions, or only an account's or a full JID's: those of now, those\n" +
			"of a moment (--at), or all that there were in a span of time, with how each\n" +
			"one ended (--since, --until). The clients' addresses are shown with a JID,\n" +
			"over a span of time, or with --address.\n\n" +
			"Lost are those whose connector's lease has ended, until they are closed. In a\n" +
			"look at the past that is so from the event on that says it (connector_lost), or\n" +
			"from the next start of the connector if no other one was there.\n\n" + reasons,
		Example: "  rollcall sessions\n" +
			"  rollcall sessions --at 10m           (ago; 14:03:07, \"2026-01-31 14:03\")\n" +
			"  rollcall sessions --at 4711          (after the event of this sequence)\n" +
			"  rollcall sessions bob@localhost --since 1d\n" +
			"  rollcall sessions --connector c2 --since 14:00 --until 15:00",
		Args: arguments(0, 1),
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
	return cmd
}

// reasons explains the events.Reason of an end to people.
const reasons = `Why sessions end:
  client            the client logged out
  connection_lost   its connection broke
  timeout           it did not answer, or did not come back in time
  replaced          another client took the same full JID
  kicked            an administrator ended it
  password_changed  so that it must log in again
  account_removed   there is no longer such an account
  overload          it read too slowly
  error             it broke the protocol; the text says how
  connector_lost    its connector was killed or cut off from the log
  shutdown          its connector was stopped
  unavailable       the log could not take its events
  resumed           it was only the way back into a session that waited`

// sessionsFlags are the flags of the verb as they were given.
type sessionsFlags struct {
	at, since, until, connector string
	address                     bool
}

// query checks what was asked.
func (f *sessionsFlags) query(args []string, now time.Time) (q sessionsQuery, err error) {
	q.connector, q.address = f.connector, f.address
	if len(args) > 0 {
		q.address = true
		if q.jid, err = parseTarget(args[0]); err != nil {
			return q, err
		}
	}
	if q.at, err = parseMoment(f.at, now); err != nil {
		return q, err
	}
	if q.span, err = parseSpan(f.since, f.until, now); err != nil {
		return q, err
	}
	if q.ofSpan() && f.at != "" {
		return q, usagef("--at is for a moment, --since and --until are for a span: give one")
	}
	return q, nil
}

// A sessionsQuery says which sessions are meant.
type sessionsQuery struct {
	jid       events.JID // bare, full, or zero for all
	connector string     // "" for all
	address   bool       // the clients' are asked for
	at        replay.Moment
	span      replay.Span // of time; without limits for a moment
}

// ofSpan tells a question about a span of time from one about a moment.
func (q *sessionsQuery) ofSpan() bool { return !q.span.Since.IsZero() || !q.span.Until.IsZero() }

// has reports a session that is meant.
func (q *sessionsQuery) has(jid events.JID, connector string) bool {
	return (q.connector == "" || q.connector == connector) &&
		(q.jid.IsZero() || q.jid == jid || q.jid.IsBare() && q.jid == jid.Bare())
}

func (q *sessionsQuery) show(ctx context.Context, con *console, b *bus.Bus, asJSON bool) error {
	if q.ofSpan() {
		list, err := q.lifetimes(ctx, con, b)
		if err != nil {
			return err
		}
		return showLifetimes(con, list, asJSON)
	}
	all, err := sessionsAt(ctx, con, b, q.at)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(all, func(v query.Session) bool { return !q.has(v.JID, v.Connector) })
	return showSessions(con, list, q.address, asJSON)
}

// sessionsAt lists the sessions of a moment, by JID.
func sessionsAt(ctx context.Context, con *console, b *bus.Bus, m replay.Moment) (list []query.Session, err error) {
	if isNow(m) {
		list, err = sessionsNow(ctx, con, b)
	} else if table, e := past(ctx, con, b, m); e == nil {
		list = slices.Collect(query.Sessions(table))
	} else {
		err = e
	}
	slices.SortFunc(list, func(a, b query.Session) int { return cmp.Or(a.JID.Compare(b.JID), cmp.Compare(a.ID, b.ID)) })
	return list, err
}

// sessionsNow asks the running projector, and does without if there is none.
func sessionsNow(ctx context.Context, con *console, b *bus.Bus) (list []query.Session, err error) {
	for v, err := range running(b).Sessions(ctx) {
		switch {
		case errors.Is(err, courier.ErrNoAnswer):
			table, err := present(ctx, con, b)
			if err != nil {
				return nil, err
			}
			return slices.Collect(query.Sessions(table)), nil
		case err != nil:
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// showSessions writes a line for each. ROSTER tells interested resources, which
// get roster pushes.
func showSessions(c *console, list []query.Session, address, asJSON bool) error {
	now := time.Now()
	head := []string{"JID", "STATE", "PRI", "ROSTER", "CONNECTOR", timeHead("SINCE", c.zoneName(now))}
	if address {
		head = append(head, "ADDRESS")
	}
	t := newTable(c.out, head...)
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
