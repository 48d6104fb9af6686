package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

// newDiff tells two tables apart. The list is grouped, so all of it is held in
// memory.
func newDiff(con *console) *cobra.Command {
	var (
		svc      service
		from, to string
		asJSON   bool
	)
	cmd := &cobra.Command{
		Use:   "diff [JID] --from TIME|SEQ",
		Short: "Show what is different between two moments",
		Long: "Show which sessions are gone, new, or changed between two moments, of all\n" +
			"accounts or only of one, or of a full JID. Sessions that began and ended in\n" +
			"between are not shown: \"rollcall sessions --since --until\" has them.\n" +
			"\"rollcall sessions --help\" explains why sessions end.",
		Example: "  rollcall diff --from 10m                (until now)\n" +
			"  rollcall diff --from 14:00 --to 14:05\n" +
			"  rollcall diff bob@localhost --from 4711 --to 4800",
		Args: arguments(0, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			q, err := parseDiff(args, from, to, time.Now())
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return q.show(ctx, con, b, asJSON) })
		}),
	}
	svc.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "the first moment, a `TIME|SEQ`")
	f.StringVar(&to, "to", "now", "the second, a `TIME|SEQ`")
	f.BoolVar(&asJSON, "json", false, "one JSON object a line")
	con.wideFlag(cmd)
	return cmd
}

// A diffQuery says which sessions are meant, and of which moments.
type diffQuery struct {
	jid      events.JID // bare, full, or zero for all
	from, to replay.Moment
}

func parseDiff(args []string, from, to string, now time.Time) (q diffQuery, err error) {
	if from == "" {
		return q, usagef("give the first moment with --from")
	}
	if len(args) > 0 {
		if q.jid, err = parseTarget(args[0]); err != nil {
			return q, err
		}
	}
	if q.from, err = parseMoment(from, now); err != nil {
		return q, err
	}
	q.to, err = parseMoment(to, now)
	return q, err
}

// groups are the kinds of changes in the order in which people see them.
var groups = [...]string{ask.Gone, ask.New, ask.Changed}

// show tells what is not known, and then what is.
func (q *diffQuery) show(ctx context.Context, con *console, b *bus.Bus, asJSON bool) error {
	d, err := sourceOf(con, b).Diff(ctx, q.jid, q.from, q.to, ask.Page{})
	if errors.Is(err, replay.ErrBackwards) {
		return usagef("--from is after --to")
	}
	if err != nil {
		return err
	}
	if d.EndsCut {
		con.say("note: of the first %d accounts only it is said how sessions ended; ask for one account, or for less time", ask.MaxEnds)
	}
	if err := sayKnown(ctx, con, b, d.Whole, q.from); err != nil {
		return err
	}
	return showChanges(con, d.Changes, asJSON)
}

// changeWords are what people read of a change.
func changeWords(con *console, c *ask.Change, now time.Time) string {
	switch c.Change {
	case ask.Gone:
		if c.Ended == "" {
			return "ended"
		}
		end := ask.Lifetime{Until: c.Ended, Reason: c.Reason, Text: c.Text, By: c.By}
		return con.stamp(query.Time(c.Ended), now) + " " + end.End()
	case ask.New:
		if c.After.Available {
			return c.After.State() + fmt.Sprintf(", priority %d", c.After.Priority)
		}
		return c.After.State()
	}
	var words []string
	for _, d := range c.Differences {
		words = append(words, differenceWords(con, d, c.Was, c.Is, now))
	}
	return strings.Join(words, ", ")
}

// differenceWords says what a difference of one kind is.
func differenceWords(con *console, d replay.Difference, a, b *session.Session, now time.Time) string {
	switch d {
	case replay.ConnectorChanged:
		return fmt.Sprintf("from %s to %s", a.Connector(), b.Connector())
	case replay.Detached:
		return "disconnected, may resume until " + con.stamp(time.Unix(0, b.DetachedUntil()), now)
	case replay.Lost:
		return "its connector is lost"
	case replay.Presence:
		switch {
		case a.Available() == b.Available():
			return "another presence"
		case b.Available():
			return "now available"
		}
		return "no longer available"
	case replay.Priority:
		return fmt.Sprintf("priority %d, was %d", b.Priority, a.Priority)
	case replay.Carbons:
		return "carbons " + onOff(b.Carbons())
	case replay.Interested:
		return "asked for the roster"
	case replay.Management:
		return "stream management on"
	case replay.Directed:
		return fmt.Sprintf("directed presence to %d", len(b.Directed()))
	}
	return string(d) // bound, resumed
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// showChanges writes the groups one after the other and sums them up.
func showChanges(c *console, list []ask.Change, asJSON bool) error {
	now := time.Now()
	t := newTable(c, "JID", "CONNECTOR", timeHead("SINCE", c.zoneName(now)), "CHANGE").sentences()
	var sums []string
	for _, group := range groups {
		n := 0
		for i := range list {
			v := &list[i]
			if v.Change != group {
				continue
			}
			n++
			if err := writeChange(c, t, v, n == 1, now, asJSON); err != nil {
				return err
			}
		}
		sums = append(sums, fmt.Sprintf("%d %s", n, group))
	}
	if err := t.flush(); err != nil {
		return err
	}
	if len(list) == 0 {
		c.say("no difference")
	} else {
		c.say("%s", strings.Join(sums, ", "))
	}
	return nil
}

func writeChange(c *console, t *table, v *ask.Change, first bool, now time.Time, asJSON bool) error {
	if asJSON {
		return c.printJSON(v)
	}
	if first {
		if err := t.row(v.Change); err != nil {
			return err
		}
	}
	s := v.Session()
	return t.row(s.JID.String(), s.Connector, c.stamp(query.Time(s.Since), now), changeWords(c, v, now))
}
