package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// newEvents shows the events of the log that a filter means. It costs what the log holds
// in the time asked for, or what the accounts have done that the filter names.
func newEvents(con *console) *cobra.Command {
	var (
		svc          service
		q            eventsQuery
		since, until string
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:   "events [FILTER...]",
		Short: "Show the events that a filter means",
		Long: "Show events of the log, in order: all, or those that a filter means.\n\n" + grammar +
			"\n\nKeys:\n" + keyTable(filter.EventKeys()) + "\n\n" +
			"If a filter names up to 16 accounts, only their events are read. A session is\n" +
			"looked for from five minutes before its beginning on, and then its account is\n" +
			"read. Otherwise the whole log is read, or the time that is given. Failed logins\n" +
			"are not in the log: \"rollcall logins\" has them.\n\n" +
			"The loss of a connector, and the ends of its sessions, are written by another\n" +
			"one. connector:c2 means them, too, but for ends that older builds have written:\n" +
			"  rollcall sessions connector:c2 reason:connector_lost --since 1d",
		Example: "  rollcall events type:closed reason:connection_lost,timeout --since 1h\n" +
			"  rollcall events 'by:*' --since 7d    (kicks, and changes of accounts)\n" +
			"  rollcall events address:192.0.2.0/24 -connector:c2\n" +
			"  rollcall events type:authenticated 'agent:gajim*' -tls:TLS1.3\n" +
			"  rollcall events type:closed 'duration:>1d' --json\n" +
			"  rollcall events session:01KDYAA4HMM2GT58X4MPKAFA02\n" +
			"  rollcall events type:closed --last 20",
		Args: cobra.ArbitraryArgs, ValidArgsFunction: completeKeys(filter.EventKeys()),
		RunE: verb(func(ctx context.Context, args []string) (err error) {
			if q.filter, err = parseFilter(args); err != nil {
				return err
			}
			if q.filter.BeforeLogin() {
				return usagef("what happens before a login is not in the log: rollcall logins has those that failed, and rollcall history --since what else failed")
			}
			if q.limit < 0 || q.last < 0 {
				return usagef("--limit and --last are how many events are shown at most")
			}
			if q.limit > 0 && q.last > 0 {
				return usagef("give --limit, the first events, or --last, the last ones")
			}
			if q.span, err = parseSpan(since, until, time.Now()); err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return q.show(ctx, con, b, asJSON) })
		}),
	}
	svc.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&since, "since", "", "from this `TIME` on")
	f.StringVar(&until, "until", "", "before this `TIME`")
	f.Uint64Var(&q.after, "after", 0, "after the event of this `SEQ`")
	f.IntVar(&q.limit, "limit", 0, "the first `N` only; 0: all")
	f.IntVar(&q.last, "last", 0, "the last `N` only; 0: all")
	f.BoolVar(&asJSON, "json", false, "one JSON object a line, as docs/schema has it")
	con.wideFlag(cmd)
	return cmd
}

// An eventsQuery says which events are meant.
type eventsQuery struct {
	filter *filter.Filter
	span   replay.Span // of time
	after  uint64
	limit  int // 0: none
	last   int // 0: all
}

func (q *eventsQuery) show(ctx context.Context, con *console, b *bus.Bus, asJSON bool) error {
	lines, err := newRecordLines(ctx, con, b, asJSON)
	if err != nil {
		return err
	}
	lines.ofAll()
	if q.after == 0 && q.last == 0 {
		if err := sayBegins(ctx, con, b, q.span.Since); err != nil {
			return err
		}
	}
	found, err := q.write(ctx, con, b.Log(), lines)
	if err != nil {
		return err
	}
	if found == 0 {
		con.say("no events")
	}
	return nil
}

// write writes what is found, and returns how much that is.
func (q *eventsQuery) write(ctx context.Context, con *console, log events.Log, lines *recordLines) (found int, err error) {
	info, err := log.Info(ctx)
	if err != nil {
		return 0, err
	}
	shown := search{con: con, lines: lines, last: info.Last}
	r := q.rangeOf(events.Seq(q.after), 0)
	if q.last > 0 {
		if r.After, err = q.beginOfLast(ctx, log, info, shown.at); err != nil {
			return 0, err
		}
		r.To = info.Last
	}
	for st, err := range q.filter.Read(ctx, log, r) {
		switch {
		case events.IsPoison(err):
			if !q.filter.Damaged() {
				continue
			}
			err = shown.damaged(ctx, err)
		case err != nil:
		default:
			err = shown.at(ctx, st.Seq)
			if err != nil || !q.filter.Event(st) {
				break
			}
			err = shown.write(ctx, st)
		}
		if err != nil {
			return found, err
		}
		if found = shown.found; q.limit > 0 && found == q.limit {
			err := shown.end(ctx)
			con.say("there may be more: --after %d goes on", shown.seq)
			return found, err
		}
	}
	if err := shown.end(ctx); err != nil {
		return found, err
	}
	return found, ctx.Err()
}

// rangeOf is what is read after a sequence and up to another one.
func (q *eventsQuery) rangeOf(after, to events.Seq) events.Range {
	return events.Range{After: after, To: to, Since: q.span.Since, Until: q.span.Until}
}

// How often a search tells people something new.
const (
	searchProgress = 200 * time.Millisecond
	searchLines    = time.Second
)

// A search writes what is found as it is found, and on a terminal how far it is.
type search struct {
	con     *console
	lines   *recordLines
	last    events.Seq // the log's
	seq     events.Seq // of the last event found
	found   int
	looked  int
	told    time.Time
	written time.Time
	visible bool
}

// at shows now and then where the search is.
func (s *search) at(ctx context.Context, seq events.Seq) error {
	if s.looked++; s.looked%1024 != 0 {
		return nil
	}
	now := time.Now()
	if s.written.IsZero() || now.Sub(s.written) > searchLines {
		s.written = now
		s.hide()
		if err := s.lines.flush(ctx); err != nil {
			return err
		}
	}
	if now.Sub(s.told) > searchProgress && s.con.errTerminal() {
		s.told, s.visible = now, true
		s.con.erasable("reading the log: event %d of %d, %d found", seq, s.last, s.found)
	}
	return nil
}

// hide takes away what would be in the way of lines.
func (s *search) hide() {
	if s.visible {
		s.visible = false
		s.con.erasable("")
	}
}

func (s *search) write(ctx context.Context, st *events.Stored) error {
	s.found++
	s.seq = st.Seq
	s.hide()
	return s.lines.write(ctx, st)
}

func (s *search) damaged(ctx context.Context, err error) error {
	s.found++
	if poison, is := errors.AsType[*events.PoisonError](err); is {
		s.seq = poison.Seq
	}
	s.hide()
	return s.lines.damaged(ctx, err)
}

func (s *search) end(ctx context.Context) error {
	s.hide()
	return s.lines.flush(ctx)
}
