package bench

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// runAt measures the table of random moments: by the keyframe before, beside reading
// as many records with an ordered consumer; beside folding from the beginning; the table
// of moments near each other; the curve of how many were online; and then what questions about the past take from the shell.
func (b *Bench) runAt(ctx context.Context) error {
	return b.opened(ctx, b.Log, func() error {
		info, err := b.bus.Log().Info(ctx)
		if err != nil {
			return err
		}
		frames, err := b.bus.Keyframes().List(ctx)
		if err != nil {
			return err
		}
		rnd := rand.New(rand.NewPCG(1, 1))
		asked := make([]events.Seq, b.Moments)
		for i := range asked {
			asked[i] = info.First + events.Seq(rnd.Uint64N(uint64(info.Last-info.First+1)))
		}
		if err := b.atMoments(ctx, asked, frames); err != nil {
			return err
		}
		archive := replay.Archive{Log: b.bus.Log(), Keyframes: b.bus.Keyframes()}
		if err := b.slide(ctx, archive, info, asked); err != nil {
			return err
		}
		if err := b.draw(ctx, archive, info); err != nil {
			return err
		}
		return b.askFromShell(ctx, asked)
	})
}

// atMoments asks within this process. From the beginning it asks about few of the
// moments, since each takes as long as a start did without keyframes.
func (b *Bench) atMoments(ctx context.Context, asked []events.Seq, frames []events.Keyframe) error {
	archive := replay.Archive{Log: b.bus.Log(), Keyframes: b.bus.Keyframes()}
	var seq events.Seq
	at := func(from replay.Archive) func() error {
		return func() error {
			_, err := replay.At(ctx, from, replay.Moment{Seq: seq})
			return err
		}
	}
	near := &turn{name: "by keyframe", run: at(archive)}
	raw := &turn{name: "raw", run: func() error {
		after := before(frames, seq)
		if after == seq {
			return nil
		}
		return b.count(ctx, "RC_EV", uint64(after+1), uint64(seq-after))
	}}
	whole := &turn{name: "from the beginning", run: at(replay.Archive{Log: archive.Log})}
	for i, moment := range asked {
		seq = moment
		turns := []*turn{raw, near}
		if i < min(b.Rounds, longRounds) {
			turns = append(turns, whole)
		}
		if err := takeTurns(1, turns...); err != nil {
			return err
		}
	}
	if err := b.versus("table of a moment, beside reading", near, raw); err != nil {
		return err
	}
	if err := b.versus("table of a moment, beside folding all before", near, whole); err != nil {
		return err
	}
	p95, rest := percentile(slices.Sorted(slices.Values(near.took)), 0.95), percentile(slices.Sorted(slices.Values(raw.took)), 0.95)
	return b.Row("table of a moment, p95", inMS(p95), inMS(rest))
}

// before is the place of the newest keyframe at or before a record; 0 if there is none.
func before(frames []events.Keyframe, seq events.Seq) (place events.Seq) {
	for _, k := range frames {
		if k.Seq <= seq {
			place = max(place, k.Seq)
		}
	}
	return place
}
