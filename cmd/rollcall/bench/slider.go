package bench

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// nearby bounds how far, in records, one question of whoever moves through time is from the
// one before, unless it is somewhere else altogether, as one of elsewhere is.
const (
	nearby    = 2000
	elsewhere = 20
)

// slide measures how long a process that is up takes to answer whoever moves through time: a
// step to a near moment, forwards or back, and now and then one to anywhere.
func (b *Bench) slide(ctx context.Context, archive replay.Archive, info events.Info, asked []events.Seq) error {
	archive.Memory = &replay.Memory{}
	rnd := rand.New(rand.NewPCG(2, 2))
	var seq events.Seq
	at := func(from replay.Archive) func() error {
		return func() error {
			_, err := replay.At(ctx, from, replay.Moment{Seq: seq})
			return err
		}
	}
	forgetful := archive
	forgetful.Memory = nil
	kept, alone := &turn{name: "near moments", run: at(archive)}, &turn{name: "near moments, each for itself", run: at(forgetful)}
	first := &turn{name: "anywhere", run: kept.run}
	for i := range elsewhere * len(asked) {
		if i%elsewhere == 0 {
			seq = asked[i/elsewhere]
			if err := takeTurns(1, first); err != nil {
				return err
			}
			continue
		}
		seq = min(max(seq+events.Seq(rnd.IntN(2*nearby)), info.First+nearby)-nearby, info.Last)
		turns := []*turn{kept}
		if i%elsewhere == 1 {
			turns = append(turns, alone)
		}
		if err := takeTurns(1, turns...); err != nil {
			return err
		}
	}
	p95 := func(t *turn) string { return inMS(percentile(slices.Sorted(slices.Values(t.took)), 0.95)) }
	if err := b.versus("table of a near moment, beside one by itself", kept, alone); err != nil {
		return err
	}
	if err := b.Row("table of a near moment, p95", p95(kept), p95(alone)); err != nil {
		return err
	}
	return b.Row("table of any moment on the way, p95", p95(first), "")
}
