package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"rollcall/bus"
	"rollcall/cmd/rollcall/ask"
	"rollcall/events"
	"rollcall/projector/query"
	"rollcall/replay"
	"rollcall/session"
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
			return svc.use(ctx, func(b *bus.Bus) error {
				list, err := q.changes(ctx, con, b)
				if err != nil {
					return err
				}
				return q.show(con, list, asJSON)
			})
		}),
	}
	svc.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "the first moment, a `TIME|SEQ`")
	f.StringVar(&to, "to", "now", "the second, a `TIME|SEQ`")
	f.BoolVar(&asJSON, "json", false, "one JSON object a line")
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

// A changeView is a replay.Change as scripts see it. Its names are an interface, as
// query.Session's are.
type changeView struct {
	Change      string              `json:"change"` // gone, new or changed
	Before      *query.Session      `json:"before"` // null: it has begun since
	After       *query.Session      `json:"after"`  // null: it has ended since
	Differences []replay.Difference `json:"differences"`
	Ended       string              `json:"ended"`  // RFC 3339, UTC; "" if it goes on
	Reason      string              `json:"reason"` // why it ended
	Text        string              `json:"text"`   // and said of its end
	words       string              // what people read of it
}

// groups are the kinds of changes in the order in which people see them.
var groups = [...]string{"gone", "new", "changed"}

func (q *diffQuery) changes(ctx context.Context, con *console, b *bus.Bus) (list []changeView, err error) {
	var all []replay.Change
	from := archive(con, b)
	for c, err := range replay.Diff(ctx, from, q.jid, q.from, q.to) {
		switch {
		case errors.Is(err, replay.ErrBackwards):
			return nil, usagef("--from is after --to")
		case err != nil:
			return nil, err
		}
		all = append(all, c)
	}
	known, err := from.Knows(ctx, q.from)
	if err != nil {
		return nil, err
	}
	sayForgotten(con, known)
	if err := q.findEnds(ctx, con, b, all); err != nil {
		return nil, err
	}
	for i := range all {
		list = append(list, changeOf(con, &all[i], time.Now()))
	}
	return list, sayBeginning(ctx, con, b, q.from)
}

// maxEnds bounds the accounts in whose histories ends are looked for.
const maxEnds = 1000

// historyReaders is how many accounts' histories are read at once.
const historyReaders = 16

// findEnds finds out how sessions have ended where the records between the moments were
// too many to be read.
func (q *diffQuery) findEnds(ctx context.Context, con *console, b *bus.Bus, all []replay.Change) error {
	accounts := make(map[events.JID][]*replay.Change)
	for i := range all {
		c := &all[i]
		if c.After != nil || c.Ended != 0 {
			continue
		}
		account := c.Before.JID().Bare()
		if len(accounts) == maxEnds && accounts[account] == nil {
			con.say("note: of the first %d accounts only it is said how sessions ended; ask for one account, or for less time", maxEnds)
			break
		}
		accounts[account] = append(accounts[account], c)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(historyReaders)
	for _, gone := range accounts {
		g.Go(func() error {
			for _, c := range gone { // this goroutine's
				if err := c.FindEnd(ctx, b.Log()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func changeOf(con *console, c *replay.Change, now time.Time) changeView {
	v := changeView{Before: shown(c.Before, c.LostBefore), After: shown(c.After, c.LostAfter), Differences: []replay.Difference{}}
	switch {
	case c.After == nil:
		v.Change, v.Reason, v.Text = "gone", string(c.Reason), c.Text
		if v.words = "ended"; c.Ended != 0 {
			v.Ended = query.Timestamp(c.Ended)
			end := ask.Lifetime{Until: v.Ended, Reason: v.Reason, Text: v.Text}
			v.words = con.stamp(query.Time(v.Ended), now) + " " + end.End()
		}
	case c.Before == nil:
		v.Change, v.words = "new", v.After.State()
		if v.After.Available {
			v.words += fmt.Sprintf(", priority %d", v.After.Priority)
		}
	default:
		v.Change, v.Differences = "changed", c.Differences()
		var words []string
		for _, d := range v.Differences {
			words = append(words, differenceWords(con, d, c.Before, c.After, now))
		}
		v.words = strings.Join(words, ", ")
	}
	return v
}

func shown(s *session.Session, lost bool) *query.Session {
	if s == nil {
		return nil
	}
	v := query.Of(s, lost)
	return &v
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

// show writes the groups one after the other and sums them up.
func (q *diffQuery) show(c *console, list []changeView, asJSON bool) error {
	now := time.Now()
	t := newTable(c.out, "JID", "CONNECTOR", timeHead("SINCE", c.zoneName(now)), "CHANGE")
	var sums []string
	for _, group := range groups {
		n := 0
		for i := range list {
			v := &list[i]
			if v.Change != group {
				continue
			}
			n++
			if err := q.write(c, t, v, n == 1, now, asJSON); err != nil {
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

func (q *diffQuery) write(c *console, t *table, v *changeView, first bool, now time.Time, asJSON bool) error {
	if asJSON {
		return c.printJSON(v)
	}
	if first {
		if err := t.row(v.Change); err != nil {
			return err
		}
	}
	s := v.After
	if s == nil {
		s = v.Before
	}
	return t.row(s.JID.String(), s.Connector, c.stamp(query.Time(s.Since), now), v.words)
}
