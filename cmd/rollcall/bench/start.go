package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"rollcall/events"
	"rollcall/projector"
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

// compareProcesses starts the service in turns on the long log and on a fresh one,
// after an end in order and after a kill with writes under way.
func (b *Bench) compareProcesses(ctx context.Context, fresh string) error {
	dirs := []string{b.Log, fresh}
	idle := []string{"--roles", "projector"} // a connector would end the sessions that the one before has left
	var after, killed [2][]time.Duration
	var resident [2]int64
	for range min(b.Rounds, longRounds) {
		for i, dir := range dirs {
			s, err := b.serve(ctx, dir, idle...)
			if err != nil {
				return err
			}
			after[i] = append(after[i], s.after)
			resident[i], err = s.resident(ctx, b.Settle)
			err = errors.Join(err, s.write(ctx))
			s.kill()
			if err != nil {
				return err
			}
			if s, err = b.serve(ctx, dir, idle...); err != nil {
				return err
			}
			killed[i] = append(killed[i], s.after)
			if err := s.stop(); err != nil {
				return err
			}
		}
	}
	row := func(what string, took [2][]time.Duration) error {
		return b.versus(what, &turn{took: took[0]}, &turn{took: took[1]})
	}
	return errors.Join(
		row("process serves, after an end in order", after),
		row("process serves, killed after 10,000 writes", killed),
		b.Row("its resident memory", inMB(resident[0]), inMB(resident[1]), fmt.Sprintf("%.2f", float64(resident[0])/float64(resident[1]))),
	)
}
