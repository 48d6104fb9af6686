package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rollcall/bus"
	"rollcall/bus/natsd"
)

// A Bench is what is measured and how. All fields but Data are required.
type Bench struct {
	Accounts int    // that the transitions are spread over
	Events   int    // of the history that is folded
	Appends  int    // transitions of one round of appending
	Writers  int    // that append at the same time, at most Accounts
	Rounds   int    // of each measurement; the median counts
	Sessions []int  // sizes of the table whose memory is measured
	Data     string // where the server keeps its files; "": a temporary directory

	// Row is given each result: what was measured, ours, what raw JetStream does,
	// the ratio of the two, and that of the processor time.
	Row func(cells ...string) error
	// Say tells people of steps that take long without a result.
	Say func(format string, args ...any)
	// Follower is the command that calls Follow on that server.
	Follower func(ctx context.Context, url string) *exec.Cmd

	url string
	bus *bus.Bus
	js  jetstream.JetStream
}

// maxNumber bounds each number of a Bench.
const maxNumber = 100_000_000

// parts are the measurements by name, in the order in which they run.
var parts = []struct {
	name string
	run  func(*Bench, context.Context) error
}{
	{"append", (*Bench).runAppend},
	{"fold", (*Bench).runFold},
	{"visible", (*Bench).runVisible},
	{"lookup", (*Bench).runLookup},
	{"memory", (*Bench).runMemory},
}

// Parts names the measurements.
func Parts() (names []string) {
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}

// Validate checks the numbers.
func (b *Bench) Validate() error {
	for _, n := range append([]int{b.Accounts, b.Events, b.Appends, b.Writers, b.Rounds}, b.Sessions...) {
		if n < 1 || n > maxNumber {
			return errors.New("the numbers of bench are from 1 to 100,000,000")
		}
	}
	return nil
}

// Run makes the measurements that are named, or all.
func (b *Bench) Run(ctx context.Context, names []string) error {
	if err := b.Validate(); err != nil {
		return err
	}
	b.Writers = min(b.Writers, b.Accounts)
	if b.Data == "" {
		dir, err := os.MkdirTemp("", "rollcall-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		b.Data = dir
	}
	stop, err := b.start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	for _, p := range parts {
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		if err := p.run(b, ctx); err != nil {
			return fmt.Errorf("bench %s: %w", p.name, err)
		}
	}
	return nil
}

// start starts a server of the benchmark's own and connects to it twice: as
// Rollcall does, and as anybody would.
func (b *Bench) start(ctx context.Context) (stop func(), err error) {
	srv, err := natsd.Start(ctx, natsd.Options{DataDir: filepath.Join(b.Data, "nats"), Listen: "127.0.0.1:0"})
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
		b.js, err = jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(b.Writers), jetstream.WithPublishAsyncTimeout(time.Minute))
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
