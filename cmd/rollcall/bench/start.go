package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
)

// runStart measures what a start costs: the table from all of the log, beside reading
// it with an ordered consumer that only counts; the table from the newest keyframe
// and what is behind it, beside the former; and then processes of the service
// themselves, beside one whose log has the same sessions and no past.
func (b *Bench) runStart(ctx context.Context) error {
	var sessions int
	err := b.opened(ctx, b.Log, func() (err error) {
		sessions, err = b.compareTables(ctx)
		return err
	})
	if err != nil {
		return err
	}
	fresh := filepath.Join(b.Data, "fresh")
	if err := b.makeLog(ctx, fresh, max(10*sessions, 1000), sessions); err != nil {
		return err
	}
	return b.compareProcesses(ctx, fresh)
}

// compareTables returns how many sessions the table has.
func (b *Bench) compareTables(ctx context.Context) (sessions int, err error) {
	info, err := b.bus.Log().Info(ctx)
	if err != nil {
		return 0, err
	}
	var table *projector.Table
	from := func(keyframes events.Keyframes) func() error {
		return func() (err error) {
			table, err = tableOf(ctx, info, projector.Config{Log: b.bus.Log(), Keyframes: keyframes})
			return err
		}
	}
	raw := &turn{name: "read all", run: func() error { return b.countAll(ctx, info) }}
	all := &turn{name: "fold all", run: from(nil)}
	newest := &turn{name: "begin with a keyframe", run: from(b.bus.Keyframes())}
	if err := takeTurns(min(b.Rounds, longRounds), raw, all, newest); err != nil {
		return 0, err
	}
	rate := func(t *turn) float64 { return float64(info.Records) / middle(t.took).Seconds() }
	what := fmt.Sprintf("table from a log of %d", info.Records)
	return table.Stats().Sessions, errors.Join(
		b.Row(what+", all of it", perSecond(rate(all)), perSecond(rate(raw)), fmt.Sprintf("%.2f", rate(all)/rate(raw))),
		b.versus(what+", from a keyframe", newest, all),
	)
}

// A startFigure is what processes on one data directory did.
type startFigure struct {
	orderly, killed []time.Duration // until they served
	resident, alone int64           // bytes: of the process, and of the embedded server by itself
}

// compareProcesses starts the service in turns on the long log and on a fresh one,
// after an end in order and after a kill with writes under way.
func (b *Bench) compareProcesses(ctx context.Context, fresh string) error {
	var long, short startFigure
	for range min(b.Rounds, longRounds) {
		if err := b.startOn(ctx, b.Log, &long); err != nil {
			return err
		}
		if err := b.startOn(ctx, fresh, &short); err != nil {
			return err
		}
	}
	memory := func(what string, ours, other int64) error {
		return b.Row(what, inMB(ours), inMB(other), fmt.Sprintf("%.2f", float64(ours)/float64(other)))
	}
	return errors.Join(
		b.versus("process serves, after an end in order", &turn{took: long.orderly}, &turn{took: short.orderly}),
		b.versus("process serves, killed after 10,000 writes", &turn{took: long.killed}, &turn{took: short.killed}),
		memory("its resident memory", long.resident, short.resident),
		memory("that of the embedded NATS server alone", long.alone, short.alone),
	)
}

// startOn starts all that is to be started on one data directory.
func (b *Bench) startOn(ctx context.Context, dir string, f *startFigure) error {
	idle := []string{"--roles", "projector"} // a connector would end the sessions that the one before has left
	s, err := b.serve(ctx, dir, idle...)
	if err != nil {
		return err
	}
	f.orderly = append(f.orderly, s.after)
	f.resident, err = s.resident(ctx, b.Settle)
	err = errors.Join(err, s.write(ctx))
	s.kill()
	if err != nil {
		return err
	}
	if s, err = b.serve(ctx, dir, idle...); err != nil {
		return err
	}
	f.killed = append(f.killed, s.after)
	if err := s.stop(); err != nil {
		return err
	}
	if s, err = b.launch(ctx, "bench", "nats", "--data", dir); err != nil {
		return err
	}
	f.alone, err = s.resident(ctx, b.Settle)
	return errors.Join(err, s.stop())
}
