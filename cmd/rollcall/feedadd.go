package main

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

func newFeedAdd(con *console, svc *service) *cobra.Command {
	var (
		pick    feedPick
		from    string
		client  string
		inOrder bool
		asJSON  bool
	)
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Make a feed, and show how to read it",
		Long: "Make a feed for a program that reads events from NATS: a durable pull consumer\n" +
			"of the stream " + bus.PublicStream + ", which a process with the role publisher fills. The\n" +
			"server remembers how far its reader is, also while nobody reads; an event that\n" +
			"is not acknowledged within 30 s is given again, so remember each one's sequence.\n" +
			"Then show the code or configuration for ClickHouse, Vector, Redpanda Connect,\n" +
			"Python or Node.",
		Example: "  rollcall feed add ends --event closed --from 2026-11-01\n" +
			"  rollcall feed add all --for python > all.py",
		Args: arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			subjects, err := pick.subjects()
			if err != nil {
				return err
			}
			if err := checkClient(client); err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				begin, err := beginFeed(ctx, b, from)
				if err != nil {
					return err
				}
				f := bus.Feed{Name: args[0], From: max(begin.from, begin.first), Subjects: subjects, InOrder: inOrder}
				if err := b.Public().AddFeed(ctx, f); err != nil {
					return published(err)
				}
				begin.tell(con, &pick)
				if asJSON {
					return con.printJSON(begin.view(args[0], subjects))
				}
				return showClients(con.out, svc, f, client)
			})
		}),
	}
	f := cmd.Flags()
	f.StringSliceVar(&pick.classes, "class", nil, "`LIST` of classes: session, presence, account,\nconnector, log (default: all); log tells what the\nlog has lost")
	f.StringSliceVar(&pick.events, "event", nil, "`LIST` of events, as closed (default: all)")
	f.StringVar(&from, "from", "", "begin at a `TIME`, at a sequence, or with new events\n(new); default: with the oldest that is published")
	f.BoolVar(&inOrder, "in-order", false, "one event at a time: the next comes when the one before\nis acknowledged; otherwise up to 1,000 at a time")
	defineClient(cmd, &client)
	f.BoolVar(&asJSON, "json", false, "one JSON object instead")
	return cmd
}

// A feedPick is which events a feed has.
type feedPick struct{ classes, events []string }

// subjects are those on which they are published; none: all.
func (p *feedPick) subjects() (list []string, err error) {
	for _, class := range p.classes {
		if !isPublished(public.Class(class)) {
			return nil, usagef("--class: %q is none of session, presence, account, connector, log", class)
		}
		if len(p.events) == 0 {
			list = append(list, bus.PublicSubject(class, "*", "*"))
		}
	}
	for _, event := range p.events {
		t, ok := public.Named(event)
		switch {
		case !ok:
			return nil, usagef("--event: there is no %q; docs/schema lists them", event)
		case !isPublished(t.Class):
			return nil, usagef("--event: %s is of connections, which are not published; the API has it", event)
		case len(p.classes) > 0 && !slices.Contains(p.classes, string(t.Class)):
			return nil, usagef("--event: %s is of the class %s, which --class leaves out", event, t.Class)
		}
		list = append(list, bus.PublicSubject(string(t.Class), t.Event, "*"))
	}
	slices.Sort(list)
	return slices.Compact(list), nil // for the server takes none twice
}

func isPublished(c public.Class) bool {
	return c != public.Connection && slices.Contains(public.Classes(), c)
}

// query selects the same events in the API.
func (p *feedPick) query() string {
	q := ""
	if len(p.classes) > 0 {
		q += "&class=" + url.QueryEscape(strings.Join(p.classes, ","))
	}
	if len(p.events) > 0 {
		q += "&type=" + url.QueryEscape(strings.Join(p.events, ","))
	}
	return q
}

// A feedBegin is where a feed begins.
type feedBegin struct {
	from  events.Seq // as it was asked for
	first events.Seq // that is published
	log   events.Seq // the log's first
}

// beginFeed reads the time, sequence or word of --from. The log tells what was stored when:
// it may have been published later.
func beginFeed(ctx context.Context, b *bus.Bus, from string) (begin feedBegin, err error) {
	stream, err := b.Public().State(ctx)
	if err != nil {
		return begin, published(err)
	}
	log, err := b.Log().Info(ctx)
	if err != nil {
		return begin, err
	}
	begin = feedBegin{from: stream.First, first: stream.First, log: log.First}
	switch from {
	case "":
		return begin, nil
	case "new":
		begin.from = log.Last + 1
		return begin, nil
	}
	m, err := parseMoment(from, time.Now())
	if err != nil {
		return begin, usagef("--from: %w", err)
	}
	if begin.from = m.Seq; m.Seq == 0 {
		begin.from, _, err = b.Log().FirstSince(ctx, m.Time)
		if errors.Is(err, events.ErrNotFound) {
			begin.from, err = log.Last+1, nil
		}
	}
	return begin, err
}

// tell says how to get what is no longer published. Since sequences are the same
// everywhere the feed goes on right behind it.
func (f *feedBegin) tell(con *console, pick *feedPick) {
	if f.from >= f.first {
		return
	}
	if f.from < f.log {
		con.say("the log begins at %d; what is older is in exports only", f.log)
	}
	if after := max(f.from, f.log) - 1; after < f.first-1 {
		con.say("events up to %d are not published any longer; get them first, and the feed goes on at %d:", f.first-1, f.first)
		con.say(`  curl -H "Authorization: Bearer $TOKEN" --compressed 'http://%s/v1/events.ndjson?after=%d&to=%d%s'`, defaultHTTP, after, f.first-1, pick.query())
	}
}

// A feedMade is a new feed as scripts see it.
type feedMade struct {
	Name     string     `json:"name"`
	Stream   string     `json:"stream"`
	Subjects []string   `json:"subjects"` // none: all
	From     events.Seq `json:"from"`     // where it begins
	// Missing are the sequences that were asked for and are not published any longer; null:
	// none.
	Missing *feedMissing `json:"missing"`
}

type feedMissing struct {
	After events.Seq `json:"after"`
	To    events.Seq `json:"to"`
}

func (f *feedBegin) view(name string, subjects []string) feedMade {
	v := feedMade{Name: name, Stream: bus.PublicStream, Subjects: append([]string{}, subjects...), From: max(f.from, f.first)}
	if f.from < f.first {
		v.Missing = &feedMissing{f.from - 1, f.first - 1}
	}
	return v
}
