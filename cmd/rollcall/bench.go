package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/bench"
)

// newBench measures the core on a server of its own. Below it newBenchC2S measures
// any server as its clients see it, and newBenchLog makes something to measure on.
func newBench(con *console) *cobra.Command {
	b := &bench.Bench{Say: con.say}
	var (
		program string
		asJSON  bool
	)
	cmd := &cobra.Command{
		Use:   "bench [MEASUREMENT]...",
		Short: "Measure this machine, side by side with raw JetStream",
		Long: "Make the measurements that are named, or all, side by side with raw JetStream:\n" +
			strings.Join(bench.ShortParts(), ", ") + ";\non a long log: " + strings.Join(bench.LongParts(), ", ") + ".",
		ValidArgs: slices.Concat(bench.ShortParts(), bench.LongParts()),
		Args:      cobra.OnlyValidArgs,
		RunE: verb(func(ctx context.Context, parts []string) error {
			if err := b.Validate(); err != nil {
				return usageError{err}
			}
			self, err := os.Executable()
			if err != nil {
				return err
			}
			b.Command = func(ctx context.Context, args ...string) *exec.Cmd {
				file := cmp.Or(program, self)
				if args[0] == "bench" { // a part of this bench
					file = self
				}
				cmd := exec.CommandContext(ctx, file, args...)
				cmd.Stderr = con.err
				return cmd
			}
			b.Row = benchRows(con, asJSON)
			return b.Run(ctx, parts)
		}),
	}
	f := cmd.Flags()
	f.IntVar(&b.Accounts, "accounts", 10_000, "`N` accounts that the transitions are spread\nover")
	f.IntVar(&b.Events, "events", 1_000_000, "`N` transitions of the history that is\nfolded")
	f.IntVar(&b.Appends, "appends", 100_000, "`N` transitions appended in one round")
	f.IntVar(&b.Writers, "writers", 1_000, "`N` writers that append at the same time")
	f.IntVar(&b.Rounds, "rounds", 5, "`N` rounds of each measurement; the median is\nshown")
	f.IntSliceVar(&b.Sessions, "sessions", []int{10_000, 100_000, 1_000_000}, "`LIST` of sizes of the table whose memory is\nmeasured")
	f.StringVar(&b.Data, "data", "", "`DIR` for the server's files (default: a\ntemporary one)")
	f.IntVar(&b.Moments, "moments", 20, "`N` moments of the past that are asked\nabout")
	f.StringVar(&program, "program", "", "`FILE` of another build, whose processes are measured\nin place of this one's")
	f.DurationVar(&b.Settle, "settle", 10*time.Second, "pause before a process's memory is read")
	f.StringVar(&b.Log, "log", "", "`DIR` with a long log, which \"bench log\" makes and\nsome measurements make longer (default: one of\n--events)")
	f.BoolVar(&asJSON, "json", false, "one JSON object a line, one a measurement")
	con.wideFlag(cmd)
	cmd.AddCommand(newBenchFollow(con), newBenchNATS(con), newBenchLog(con), profiled(newBenchC2S(con)))
	return cmd
}

// A benchRow is a measurement as scripts see it: texts, for each has a unit of its own.
type benchRow struct {
	Measurement string  `json:"measurement"`
	Rollcall    string  `json:"rollcall"`
	Raw         *string `json:"raw"` // JetStream alone; null, as are the others: there is no such thing
	Ratio       *string `json:"ratio"`
	CPU         *string `json:"cpu"`
}

// benchRows shows measurements one by one; there may be fewer cells than columns.
func benchRows(con *console, asJSON bool) func(cells ...string) error {
	if !asJSON {
		out := newTable(con, "MEASUREMENT", "ROLLCALL", "RAW", "RATIO", "CPU")
		first := 44
		if columns := con.columns(); columns > 0 {
			first = min(first, columns-first) // beside the others
		}
		out.fix(first, 12, 12, 7, 0)
		return out.row
	}
	return func(cells ...string) error {
		all := [5]string{}
		copy(all[:], cells)
		return con.printJSON(benchRow{all[0], all[1], orNull(all[2]), orNull(all[3]), orNull(all[4])})
	}
}

// newBenchFollow is the other process of "bench visible".
func newBenchFollow(con *console) *cobra.Command {
	var at service
	cmd := &cobra.Command{
		Use:    "follow",
		Short:  "The other process of bench visible",
		Hidden: true,
		Args:   arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			return at.use(ctx, func(b *bus.Bus) error { return bench.Follow(ctx, b, con.out) })
		}),
	}
	at.flags(cmd)
	return cmd
}

// newBenchNATS is the other process of "bench start" that has only the embedded server.
func newBenchNATS(con *console) *cobra.Command {
	var o natsd.Options
	cmd := &cobra.Command{
		Use:    "nats",
		Short:  "The embedded NATS server alone, for bench start",
		Hidden: true,
		Args:   arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			keepHeapFloor()
			srv, err := natsd.Start(ctx, o)
			if err != nil {
				return err
			}
			defer srv.Shutdown()
			fmt.Fprintf(con.out, "NATS %s\nCtrl-C stops it.\n", srv.URL())
			<-ctx.Done()
			return nil
		}),
	}
	cmd.Flags().StringVar(&o.DataDir, "data", "", "`DIR` of the service")
	cmd.Flags().StringVar(&o.Listen, "nats-listen", "127.0.0.1:0", "`HOST:PORT` for clients")
	return cmd
}
