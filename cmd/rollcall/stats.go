package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/chart"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

// statsSpan is the span of figures unless another one is asked for.
const statsSpan = "1d"

// newStats computes figures from the log.
func newStats(con *console) *cobra.Command {
	var (
		svc                     service
		since, until, step, svg string
		asJSON                  bool
	)
	cmd := &cobra.Command{
		Use:   "stats [NAME...]",
		Short: "Show figures: how many were online, how sessions ended",
		Long: "Compute figures of the last day, or of any span, from the log:\n" +
			strings.Join(stats.Names()[:7], ", ") + ",\n" +
			strings.Join(stats.Names()[7:], ", ") + "; without a NAME, all of them.\n" +
			"It reads once for all figures, from the newest keyframe before the span on, and\n" +
			"shows its progress on a terminal. The documentation of package replay/stats\n" +
			"defines each figure. Days, weeks and months are in UTC.",
		Example: "  rollcall stats --since 30d --svg month.svg\n" +
			"  rollcall stats concurrency --since 14:00 --until 15:00 --step 1m\n" +
			"  rollcall stats durations users --since 7d --json",
		Args:      arguments(0, len(stats.Names())),
		ValidArgs: stats.Names(),
		RunE: verb(func(ctx context.Context, args []string) error {
			q, err := parseStats(args, since, until, step, time.Now())
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return showStats(ctx, con, b, q, svg, asJSON) })
		}),
	}
	svc.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&since, "since", statsSpan, "from this `TIME` on")
	f.StringVar(&until, "until", "", "before this `TIME`")
	f.StringVar(&step, "step", "", "`TIME` of a step: 1m, 1h, 1d (default: some dozens\nof them)")
	f.BoolVar(&asJSON, "json", false, "one JSON object a line: what is covered, then\nthe rows")
	con.wideFlag(cmd)
	f.StringVar(&svg, "svg", "", "draw who was online and how sessions ended into `FILE`")
	cmd.RegisterFlagCompletionFunc("svg", completeFiles)
	return cmd
}

// parseStats reads what is asked for.
func parseStats(names []string, since, until, step string, now time.Time) (q stats.Query, err error) {
	span, err := parseSpan(since, until, now)
	if err != nil {
		return q, err
	}
	q = stats.Query{Since: span.Since, Until: span.Until, Figures: names}
	if step != "" {
		if q.Step, err = replay.ParseDuration(step); err != nil || q.Step < time.Second {
			return q, usagef("--step %s is no TIME of a second or more: 30s, 1m, 1h, 1d", step)
		}
	}
	for _, name := range names {
		if !slices.Contains(stats.Names(), name) {
			return q, usagef("there is no figure %q; there are %s", name, strings.Join(stats.Names(), ", "))
		}
	}
	return q, nil
}

func showStats(ctx context.Context, con *console, b *bus.Bus, q stats.Query, svg string, asJSON bool) error {
	names := q.Figures
	if svg != "" && len(names) > 0 {
		q.Figures = slices.Concat(names, []string{"concurrency", "ends"}) // which are drawn
	}
	a, err := stats.Read(ctx, archive(con, b), b.Pre(), q)
	if err != nil {
		return err
	}
	if svg != "" {
		if err := drawStats(con, a, svg); err != nil {
			return change("--svg", err)
		}
		con.say("wrote %s", printable(svg))
	}
	if asJSON {
		return printStats(con, a, names)
	}
	sayForgotten(con, a.Known)
	s := statsTables{con: con, answer: a, overview: len(names) != 1}
	return s.show(names)
}

// drawStats writes a picture.
func drawStats(con *console, a *stats.Answer, file string) error {
	var picture bytes.Buffer
	if err := chart.Write(&picture, a, con.zone); err != nil {
		return err
	}
	return os.WriteFile(file, picture.Bytes(), 0o666)
}

// printStats writes a line for the span that the answer covers, and one for
// each row.
func printStats(con *console, a *stats.Answer, names []string) error {
	if err := printRow(con, "covers", a.Covers); err != nil {
		return err
	}
	for _, name := range stats.Names() {
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		raw, err := json.Marshal(a.Rows(name))
		if err != nil {
			return err
		}
		var rows []json.RawMessage
		if err := json.Unmarshal(raw, &rows); err != nil {
			return err
		}
		for _, row := range rows {
			if err := printRow(con, name, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// printRow writes an object with the name of its subject in front.
func printRow(con *console, name string, row any) error {
	object, err := query.Marshal(row)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(con.out, `{"figure":%q,%s`+"\n", name, object[1:])
	return err
}
