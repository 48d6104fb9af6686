package projector

import (
	"context"
	"errors"
	"log/slog"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
)

// A gap is a stretch of the log that misses keyframes: after one record, up to another.
type gap struct{ after, to events.Seq }

// gaps finds where keyframes are missing up to a record: where there are more than
// two intervals from one to the next, and twice as many records as there are at least, of
// so many sessions.
func gaps(list []events.Keyframe, info events.Info, to events.Seq, sessions int) (found []gap) {
	far := 2 * max(keyframe.Interval, keyframe.Apart(sessions))
	last := max(info.First, 1) - 1
	for _, k := range append(list, events.Keyframe{Format: keyframe.Format, Created: info.Created.UnixNano(), Seq: to}) {
		if !keyframe.Reads(k.Format) || k.Created != info.Created.UnixNano() || k.Seq < last || k.Seq > to {
			continue
		}
		if k.Seq-last > far {
			found = append(found, gap{last, k.Seq})
		}
		last = k.Seq
	}
	return found
}

// fill writes the keyframes that the past misses: all those of a log that was written
// before there were any, and those whose writer was killed. It folds these parts of
// the log once more, beside the fold that goes on, and may be ended at any moment: the
// next start goes on with it.
func fill(ctx context.Context, c Config, to events.Seq) error {
	info, err := c.Log.Info(ctx)
	if err != nil {
		return err
	}
	list, err := c.Keyframes.List(ctx)
	if err != nil {
		return err
	}
	for _, g := range gaps(list, info, to, c.Table.Stats().Sessions) {
		if err := g.fill(ctx, c, info); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// isWhole reports that nothing is missing after the keyframe where a gap begins: of as
// many sessions as there were then places are that far apart. With more sessions than
// there are now that looks like a gap, and would be folded again at each start. A
// session takes two records or more, and places are at multiples of the interval.
func (g gap) isWhole(base *keyframe.Head) bool {
	if base == nil {
		return false
	}
	apart := keyframe.Apart(base.Sessions)
	return apart > keyframe.Interval && g.to-base.Seq <= 3*apart
}

func (g gap) fill(ctx context.Context, c Config, info events.Info) error {
	table := NewTable()
	base, err := Restoration{
		Log: c.Log, Keyframes: c.Keyframes, Info: info,
		Wanted: func(k events.Keyframe) bool { return k.Seq <= g.after }, Passed: c.passed(ctx),
	}.Fill(ctx, table)
	if err != nil {
		return err
	}
	if g.isWhole(base) {
		return nil
	}
	c.Logger.Info("writing the keyframes that a part of the log misses", "after", g.after, "to", g.to)
	k := newKeyframer(c, table)
	k.begin(info, base)
	defer k.wait()
	for st, err := range events.Unbroken(ctx, c.Log, events.Range{After: table.Position().Seq, To: g.to}) {
		switch poison, passed := errors.AsType[*events.PoisonError](err); {
		case passed:
			table.Skip(poison)
		case err != nil:
			return err
		default:
			k.before(ctx, st, true)
			table.Fold(st)
			k.after(ctx, st, true)
		}
	}
	return nil
}

func newKeyframer(c Config, t *Table) *keyframer {
	return &keyframer{table: t, log: c.Log, store: c.Keyframes, logger: c.Logger, busy: make(chan struct{}, 1)}
}

// fillBehind fills while the fold goes on, and closes done at the end.
func fillBehind(ctx context.Context, c Config, to events.Seq, done chan<- struct{}) {
	defer close(done)
	if err := fill(ctx, c, to); err != nil && ctx.Err() == nil {
		c.Logger.Log(ctx, slog.LevelWarn, "the past misses keyframes, so that questions about it take longer", "err", err)
	}
}
