package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

func newFeedList(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List feeds, and how far their readers are",
		Args:  arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			return svc.use(ctx, func(b *bus.Bus) error {
				all, err := b.Public().Feeds(ctx)
				if err != nil {
					return published(err)
				}
				return showFeeds(con, all, asJSON)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	con.wideFlag(cmd)
	return cmd
}

func showFeeds(con *console, all []bus.Feed, asJSON bool) error {
	now := time.Now()
	t := newTable(con, "NAME", "EVENTS", "FROM", "ACKED", "PENDING", "UNACKED", timeHead("OLDEST", con.zoneName(now)), "ACTIVE")
	for i := range all {
		f := &all[i]
		var err error
		if asJSON {
			err = con.printJSON(ask.FeedOf(f))
		} else {
			err = t.row(f.Name, feedEvents(f.Subjects), grouped(f.From), grouped(f.Acked), grouped(f.Pending), grouped(f.Unacked),
				con.stampOr(f.Oldest, now, "-"), con.activeText(f, now))
		}
		if err != nil {
			return err
		}
	}
	if len(all) == 0 {
		con.say("no feeds")
	}
	return t.flush()
}

// activeText says when a feed was active. NATS forgets the time when it starts again, but not
// that anything was sent.
func (c *console) activeText(f *bus.Feed, now time.Time) string {
	if f.Sent {
		return c.stampOr(f.Active, now, "-")
	}
	return c.stampOr(f.Active, now, "never")
}

// feedEvents names what is published on subjects.
func feedEvents(subjects []string) string {
	if len(subjects) == 0 {
		return "all"
	}
	var words []string
	for _, s := range subjects {
		parts := strings.Split(s, ".")
		if len(parts) != 6 {
			return strings.Join(subjects, " ") // that somebody else has made
		}
		word := parts[3] + "." + parts[4]
		words = append(words, strings.TrimSuffix(word, ".*"))
	}
	return strings.Join(words, " ")
}
