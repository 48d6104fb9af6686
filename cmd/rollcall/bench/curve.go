package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// curvePoints are as many as a dashboard draws.
const curvePoints = 200

// draw measures the curve of how many were online, for the first time and then once more, of
// the whole log and of its last day.
func (b *Bench) draw(ctx context.Context, archive replay.Archive, info events.Info) error {
	for _, c := range []struct {
		name  string
		since time.Time
	}{{"all of the log", info.FirstAt}, {"the last day of it", info.LastAt.Add(-24 * time.Hour)}} {
		archive.Memory = &replay.Memory{}
		var curve *replay.Curve
		var took [2]time.Duration
		for i := range took {
			begun := time.Now()
			var err error
			if curve, err = replay.Online(ctx, archive, c.since, info.LastAt, curvePoints); err != nil {
				return err
			}
			took[i] = time.Since(begun)
		}
		what := fmt.Sprintf("curve of %s, %d points", c.name, len(curve.Points))
		if err := b.Row(what, inMS(took[0]), "", "", "again "+inMS(took[1])); err != nil {
			return err
		}
	}
	return nil
}
