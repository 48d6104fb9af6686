package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/bus/natsd"
)

// A benchmark is what "rollcall bench" was asked for. Every measurement runs
// beside the same work done with nothing but the NATS client, in turns, in one
// process on one server of its own, because only the ratio means something on
// a machine that others use too.
type benchmark struct {
	con      *console
	accounts int    // that the transitions are spread over
	events   int    // of the history that is folded
	appends  int    // transitions of one round of appending
	writers  int    // that append at the same time
	rounds   int    // of each measurement; the median counts
	sessions []int  // sizes of the table whose memory is measured
	data     string // where the server keeps its files

	url string
	bus *bus.Bus
	js  jetstream.JetStream
	out *table
}

// benchParts are the measurements by name, in the order in which they run.
var benchParts = []struct {
	name string
	run  func(*benchmark, context.Context) error
}{
	{"append", (*benchmark).runAppend},
	{"fold", (*benchmark).runFold},
	{"visible", (*benchmark).runVisible},
	{"lookup", (*benchmark).runLookup},
	{"memory", (*benchmark).runMemory},
}

func newBench(con *console) *cobra.Command {
	b := &benchmark{con: con}
	var names []string
	for _, p := range benchParts {
		names = append(names, p.name)
	}
	cmd := &cobra.Command{
		Use:       "bench [" + strings.Join(names, "|") + "]...",
		Short:     "Measure this machine, side by side with raw JetStream",
		ValidArgs: names,
		Args:      cobra.OnlyValidArgs,
		RunE:      verb(b.run),
	}
	f := cmd.Flags()
	f.IntVar(&b.accounts, "accounts", 10_000, "`N` accounts that the transitions are spread\nover")
	f.IntVar(&b.events, "events", 1_000_000, "`N` transitions of the history that is\nfolded")
	f.IntVar(&b.appends, "appends", 100_000, "`N` transitions appended in one round")
	f.IntVar(&b.writers, "writers", 1_000, "`N` writers that append at the same time")
	f.IntVar(&b.rounds, "rounds", 5, "`N` rounds of each measurement; the median is\nshown")
	f.IntSliceVar(&b.sessions, "sessions", []int{10_000, 100_000, 1_000_000}, "`LIST` of sizes of the table whose memory is\nmeasured")
	f.StringVar(&b.data, "data", "", "`DIR` for the server's files (default: a\ntemporary one)")
	cmd.AddCommand(newBenchFollow(con), profiled(newBenchC2S(con)))
	return cmd
}

func (b *benchmark) validate() error {
	for _, n := range append([]int{b.accounts, b.events, b.appends, b.writers, b.rounds}, b.sessions...) {
		if n < 1 || n > 100_000_000 {
			return usagef("the numbers of bench are from 1 to 100,000,000")
		}
	}
	b.writers = min(b.writers, b.accounts)
	return nil
}

func (b *benchmark) run(ctx context.Context, parts []string) error {
	if err := b.validate(); err != nil {
		return err
	}
	if b.data == "" {
		dir, err := os.MkdirTemp("", "rollcall-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		b.data = dir
	}
	stop, err := b.start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	b.out = newTable(b.con.out, "MEASUREMENT", "ROLLCALL", "RAW", "RATIO", "CPU")
	b.out.live = true
	for _, p := range benchParts {
		if len(parts) > 0 && !slices.Contains(parts, p.name) {
			continue
		}
		if err := p.run(b, ctx); err != nil {
			return fmt.Errorf("bench %s: %w", p.name, err)
		}
	}
	return b.out.flush()
}

// start starts a server of the benchmark's own and connects to it twice: as
// Rollcall does, and as anybody would.
func (b *benchmark) start(ctx context.Context) (stop func(), err error) {
	srv, err := natsd.Start(ctx, natsd.Options{DataDir: filepath.Join(b.data, "nats"), Listen: "127.0.0.1:0"})
	if err != nil {
		return nil, err
	}
	b.url = srv.URL()
	b.bus, err = bus.Connect(ctx, bus.Config{URL: b.url, Name: "bench"})
	if err != nil {
		srv.Shutdown()
		return nil, err
	}
	nc, err := nats.Connect(b.url)
	if err == nil {
		b.js, err = jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(b.writers), jetstream.WithPublishAsyncTimeout(time.Minute))
	}
	stop = func() {
		b.bus.Close()
		if nc != nil {
			nc.Close()
		}
		srv.Shutdown()
	}
	if err != nil {
		stop()
	}
	return stop, err
}

// A side is what one of the two compared did in each of its rounds.
type side struct {
	run   func(context.Context) (int, error)
	rates []float64 // operations a second
	cpu   []float64 // seconds of processor time an operation, of this whole process
}

func (s *side) round(ctx context.Context, counts bool) error {
	begin, used := time.Now(), cpuTime()
	n, err := s.run(ctx)
	if err == nil && counts {
		s.rates = append(s.rates, float64(n)/time.Since(begin).Seconds())
		s.cpu = append(s.cpu, (cpuTime()-used).Seconds()/float64(n))
	}
	return err
}

// compare runs both in turns and shows the medians of what they do a second,
// and how much processor time ours takes for what takes raw 1: on a machine
// that others use too it says more. The first round warms up and does not
// count.
func (b *benchmark) compare(ctx context.Context, name string, ours, raw func(context.Context) (int, error)) error {
	o, r := side{run: ours}, side{run: raw}
	for i := range b.rounds + 1 {
		for _, s := range []*side{&r, &o} {
			if err := s.round(ctx, i > 0); err != nil {
				return err
			}
		}
	}
	ourRate, rawRate := median(o.rates), median(r.rates)
	return b.out.row(name, perSecond(ourRate), perSecond(rawRate),
		fmt.Sprintf("%.2f", ourRate/rawRate), fmt.Sprintf("%.2f", median(o.cpu)/median(r.cpu)))
}

// cpuTime is what this process has used of the processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if len(v)%2 == 0 {
		return (v[len(v)/2-1] + v[len(v)/2]) / 2
	}
	return v[len(v)/2]
}

// percentile of a sorted list; p is between 0 and 1.
func percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

func perSecond(rate float64) string { return fmt.Sprintf("%.0f/s", rate) }
