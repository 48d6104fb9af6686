package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
)

const (
	visibleEvents = 2_000
	visiblePause  = time.Millisecond // between two transitions: a load, not a flood
)

// runVisible measures how long after the acknowledgement of an append the table
// of another process shows it. Both read one clock: they run on one machine.
func (b *Bench) runVisible(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	other, err := b.startFollower(ctx)
	if err != nil {
		return err
	}
	defer other.stop()
	acked, err := b.appendSlowly(ctx)
	if err != nil {
		return err
	}
	var delays []time.Duration
	for range acked {
		seq, at, err := other.next()
		if err != nil {
			return err
		}
		// Shown before the writer heard of it counts as at once.
		delays = append(delays, max(time.Duration(at-acked[seq]), 0))
	}
	slices.Sort(delays)
	return b.Row("acknowledged to visible in another process",
		fmt.Sprintf("p50 %s", percentile(delays, 0.5).Round(time.Microsecond)), "",
		fmt.Sprintf("p99 %s", percentile(delays, 0.99).Round(time.Microsecond)))
}

// appendSlowly returns when each sequence was acknowledged, Unix nanoseconds.
func (b *Bench) appendSlowly(ctx context.Context) (map[events.Seq]int64, error) {
	acked := map[events.Seq]int64{}
	s := newLooper(9_000_000)
	for len(acked) < visibleEvents {
		pos, err := b.bus.Log().Append(ctx, s.next(time.Now()))
		if err != nil {
			return nil, err
		}
		acked[pos.Seq] = time.Now().UnixNano()
		s.stored(pos.Seq)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(visiblePause):
		}
	}
	return acked, nil
}

// A follower is another process with a table of its own.
type follower struct {
	cmd *exec.Cmd
	in  *bufio.Reader
}

func (b *Bench) startFollower(ctx context.Context) (*follower, error) {
	cmd := b.Command(ctx, "bench", "follow", "--nats", b.url)
	cmd.Env = b.environ()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	f := &follower{cmd, bufio.NewReader(out)}
	if line, err := f.in.ReadString('\n'); err != nil || line != "ready\n" {
		f.stop()
		return nil, errors.New("the other process did not get ready")
	}
	return f, nil
}

func (f *follower) next() (seq events.Seq, at int64, err error) {
	_, err = fmt.Fscan(f.in, &seq, &at)
	return seq, at, err
}

func (f *follower) stop() {
	f.cmd.Process.Kill()
	f.cmd.Wait()
}

// Follow is the other process: it writes of each record where it is in the log and
// when the table showed it, in Unix nanoseconds, after a line that says ready.
func Follow(ctx context.Context, b *bus.Bus, out io.Writer) error {
	p, err := projector.New(projector.Config{
		Log: b.Log(), Table: projector.NewTable(),
		Observe: func(_, _ *session.Account, st *events.Stored) {
			fmt.Fprintln(out, st.Seq, time.Now().UnixNano())
		},
	})
	if err != nil {
		return err
	}
	go func() {
		if p.CatchUp(ctx) == nil {
			fmt.Fprintln(out, "ready")
		}
	}()
	return p.Run(ctx)
}
