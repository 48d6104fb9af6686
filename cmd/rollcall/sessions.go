package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"rollcall/bus"
)

// newSessions shows the whole table. For now it asks a running projector; for
// then, or if none runs, it folds the log itself, which takes as long as the log
// is. The list is sorted, so all of it is held in memory.
func newSessions(con *console) *cobra.Command {
	var (
		svc    service
		at     string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "sessions",
		Short: "Show the session table, now or as it was",
		Example: "  rollcall sessions\n" +
			"  rollcall sessions --at 10m           (ago; 14:03:07, \"2026-01-31 14:03\")\n" +
			"  rollcall sessions --at 4711          (after the event of this sequence)",
		Args: arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			m, err := parseMoment(at, time.Now())
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				list, err := sessionsAt(ctx, con, b, m)
				if err != nil {
					return err
				}
				return con.showSessions(list, asJSON)
			})
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "as it was at a `TIME|SEQ`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// sessionsAt lists the sessions of a moment, by JID.
func sessionsAt(ctx context.Context, con *console, b *bus.Bus, m moment) (list []sessionView, err error) {
	if m.isNow() {
		list, err = sessionsNow(ctx, con, b)
	} else if table, e := past(ctx, con, b, m); e == nil {
		list = slices.Collect(sessionViews(table))
	} else {
		err = e
	}
	slices.SortFunc(list, func(a, b sessionView) int { return compareJIDs(a.JID, b.JID) })
	return list, err
}

// sessionsNow asks the running projector, and does without if there is none.
func sessionsNow(ctx context.Context, con *console, b *bus.Bus) (list []sessionView, err error) {
	err = ask(ctx, b, askSessions, func(v sessionView) error {
		list = append(list, v)
		return nil
	})
	if !errors.Is(err, bus.ErrNoAnswer) {
		return list, err
	}
	table, err := present(ctx, con, b)
	if err != nil {
		return nil, err
	}
	return slices.Collect(sessionViews(table)), nil
}

// showSessions writes a line for each. ROSTER tells interested resources, which
// get roster pushes.
func (c *console) showSessions(list []sessionView, asJSON bool) error {
	now := time.Now()
	t := newTable(c.out, "JID", "STATE", "PRI", "ROSTER", "CONNECTOR", timeHead("SINCE", c.zoneName(now)))
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
		if err := t.row(v.JID.String(), v.state(), pri, yesNo(v.Interested), v.Connector, c.stamp(v.since(), now)); err != nil {
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
