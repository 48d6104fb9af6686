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

	"github.com/rollcall-xmpp/rollcall/bus/natsd"
)

// A Bench is what is measured and how. All fields but Data and Log are required.
type Bench struct {
	Accounts int           // that the transitions are spread over
	Events   int           // of the history that is folded
	Appends  int           // transitions of one round of appending
	Writers  int           // that append at the same time, at most Accounts
	Rounds   int           // of each measurement; the median counts
	Sessions []int         // sizes of the table whose memory is measured
	Data     string        // where the server keeps its files; "": a temporary directory
	Moments  int           // of the past that are asked about
	Settle   time.Duration // between the start of a process and the reading of its memory
	Log      string        // data directory with a long log (see LogMaker); "": one of Events is made

	// Row is given each result: what was measured, ours, what raw JetStream does,
	// the ratio of the two, and that of the processor time.
	Row func(cells ...string) error
	// Say tells people of steps that take long without a result.
	Say func(format string, args ...any)
	// Command is the program, or another build of it, as another process with these
	// arguments.
	Command func(ctx context.Context, args ...string) *exec.Cmd

	*station // the one that is open
}

// maxNumber bounds each number of a Bench.
const maxNumber = 100_000_000

// A part is a measurement.
type part struct {
	name string
	run  func(*Bench, context.Context) error
}

// parts are the measurements on a server that has no log at first, in the order in
// which they run.
var parts = []part{
	{"append", (*Bench).runAppend},
	{"fold", (*Bench).runFold},
	{"visible", (*Bench).runVisible},
	{"lookup", (*Bench).runLookup},
	{"memory", (*Bench).runMemory},
	{"keyframe", (*Bench).runKeyframe},
	{"group-commit", (*Bench).runGroupCommit},
}

// longParts are those on a long log, which come after.
var longParts = []part{
	{"start", (*Bench).runStart},
	{"at", (*Bench).runAt},
}

// ShortParts names the measurements that need no log.
func ShortParts() []string { return names(parts) }

// LongParts names those on a long log.
func LongParts() []string { return names(longParts) }

func names(list []part) (names []string) {
	for _, p := range list {
		names = append(names, p.name)
	}
	return names
}

// Validate checks the numbers.
func (b *Bench) Validate() error {
	for _, n := range append([]int{b.Accounts, b.Events, b.Appends, b.Writers, b.Rounds, b.Moments}, b.Sessions...) {
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
	if err := b.runShort(ctx, chosen(parts, names)); err != nil {
		return err
	}
	return b.runLong(ctx, chosen(longParts, names))
}

// chosen are the measurements of the list that are named, or all.
func chosen(list []part, names []string) []part {
	return slices.DeleteFunc(slices.Clone(list), func(p part) bool {
		return len(names) > 0 && !slices.Contains(names, p.name)
	})
}

// runShort makes the measurements on a server that has no log at first.
func (b *Bench) runShort(ctx context.Context, list []part) error {
	if len(list) == 0 {
		return nil
	}
	return b.opened(ctx, filepath.Join(b.Data, "nats"), func() error { return b.runParts(ctx, list) })
}

func (b *Bench) runParts(ctx context.Context, list []part) error {
	for _, p := range list {
		if err := p.run(b, ctx); err != nil {
			return fmt.Errorf("bench %s: %w", p.name, err)
		}
	}
	return nil
}

// opened runs do on a server of the directory, which is this bench's station as long
// as do runs.
func (b *Bench) opened(ctx context.Context, dir string, do func() error) error {
	st, err := open(ctx, natsd.Options{DataDir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer st.close()
	b.station = st
	return do()
}
