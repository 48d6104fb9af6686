package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// askFromShell measures what somebody waits for that asks about the past: from the
// start of each process to its end.
func (b *Bench) askFromShell(ctx context.Context, asked []events.Seq) error {
	var at, history, hour [][]string
	for _, seq := range asked {
		at = append(at, []string{"sessions", "--at", strconv.FormatUint(uint64(seq), 10)})
		for st, err := range b.bus.Log().Read(ctx, events.Range{After: seq - 1, To: seq}) {
			if err != nil {
				return err
			}
			history = append(history, []string{"history", st.Account().String()})
			since := st.StoredAt().Add(-time.Hour)
			hour = append(hour, []string{"sessions", "--since", since.Format(time.RFC3339), "--until", st.StoredAt().Format(time.RFC3339)})
		}
	}
	for _, questions := range [][][]string{at, history, hour[:min(len(hour), longRounds)], {{"verify"}}} {
		if err := b.ask(ctx, questions); err != nil {
			return err
		}
	}
	return nil
}

// ask measures questions of one kind.
func (b *Bench) ask(ctx context.Context, questions [][]string) error {
	var took []time.Duration
	peak := int64(0)
	for _, question := range questions {
		cmd := b.Command(ctx, append(question, "--json", "--nats", b.url)...)
		cmd.Stdout, cmd.Env = io.Discard, b.environ()
		begun := time.Now()
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", strings.Join(question, " "), err)
		}
		took = append(took, time.Since(begun))
		if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			peak = max(peak, u.Maxrss<<10) // kilobytes, on Linux
		}
	}
	slices.Sort(took)
	var words []string // of the question, without the things asked about
	for _, word := range questions[0] {
		if len(words) == 0 || strings.HasPrefix(word, "--") {
			words = append(words, word)
		}
	}
	return b.Row("rollcall "+strings.Join(words, " "),
		"p50 "+inMS(percentile(took, 0.5)), "p95 "+inMS(percentile(took, 0.95)), "", "peak "+inMB(peak))
}
