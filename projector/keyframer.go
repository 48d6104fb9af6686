package projector

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
)

// maxKeyframes is how many keyframes of one log are kept at most: those of five months
// of hours. Beyond it the past is a little farther from the next one.
const maxKeyframes = 4000

// claimPatience is for how long a keyframe waits for the turn to be written: for one
// that is written before it, and for the end of a claim whose holder was killed, which
// takes 5 seconds. The table keeps all that it replaces meanwhile, so that beyond it the
// keyframe is left to fill.
const claimPatience = 10 * time.Second

// A keyframer writes keyframes of a table while that is folded, one at a time: at every
// place, unless the one before is not written yet. Keyframes that are missing then, or
// because a process was killed, fill writes later. Its methods are the folding
// goroutine's.
type keyframer struct {
	table  *Table
	log    events.Log
	store  events.Keyframes
	logger *slog.Logger
	info   events.Info
	begins int64 // as keyframe.Head's; -1: as soon as the first record tells
	places keyframe.Places
	busy   chan struct{} // has room for one that writes
}

// begin tells where the fold begins: at a keyframe, or at the log's beginning.
func (k *keyframer) begin(info events.Info, base *keyframe.Head) {
	k.info, k.begins = info, 0
	switch {
	case base != nil:
		k.places.Begin(*base)
		k.begins = base.Begins
	case info.First > 1:
		k.begins = -1
	}
}

// before is told of a record that is about to be applied. There, and in after, wait
// makes the fold wait for the keyframe before.
func (k *keyframer) before(ctx context.Context, st *events.Stored, wait bool) {
	if k.begins < 0 {
		k.begins = st.At
	}
	if k.places.Before(st, k.table.stats.Sessions) {
		k.take(ctx, wait)
	}
}

// after is told of a record that was applied.
func (k *keyframer) after(ctx context.Context, st *events.Stored, wait bool) {
	if k.places.After(st, k.table.stats.Sessions) {
		k.take(ctx, wait)
	}
}

// take has the table written as it is now.
func (k *keyframer) take(ctx context.Context, wait bool) {
	h := k.places.Take()
	h.Stream, h.Created, h.Begins = k.info.Stream, k.info.Created.UnixNano(), k.begins
	h.Leases = k.table.Leases()
	if !k.enter(ctx, wait) {
		return
	}
	v := k.table.hold()
	go func() {
		defer func() { <-k.busy }()
		defer k.table.release(v)
		if err := k.write(ctx, h, v); err != nil && ctx.Err() == nil {
			k.logger.Warn("a keyframe can't be written; starts and the past take longer", "seq", h.Seq, "err", err)
		}
	}()
}

func (k *keyframer) enter(ctx context.Context, wait bool) bool {
	select {
	case k.busy <- struct{}{}:
		return true
	default:
	}
	if wait {
		select {
		case k.busy <- struct{}{}:
			return true
		case <-ctx.Done():
		}
	}
	return false
}

// wait returns when nothing is being written.
func (k *keyframer) wait() {
	k.busy <- struct{}{}
	<-k.busy
}

// write stores a keyframe, unless it is there already, for all processes come to the
// place at the same moment.
func (k *keyframer) write(ctx context.Context, h keyframe.Head, v *snapshot) error {
	release, err := k.claim(ctx, h.Name())
	if err != nil || release == nil {
		return err
	}
	defer release()
	list, err := k.store.List(ctx)
	if err != nil || slices.Contains(list, h.Name()) {
		return err
	}
	data := keyframe.Encode(h, slices.Collect(k.table.then(v)))
	k.table.release(v)
	began := time.Now()
	if err := k.store.Create(ctx, h.Name(), data); err != nil && !errors.Is(err, events.ErrConflict) {
		return err
	}
	k.logger.Debug("wrote a keyframe", "seq", h.Seq, "bytes", len(data), "took", time.Since(began))
	return k.prune(ctx, append(list, h.Name()))
}

// claim waits for its turn, or until the keyframe is there: then release is nil, and the
// snapshot need not be held longer. Whoever has the claim needs a moment, or was killed: then
// it ends by itself.
func (k *keyframer) claim(ctx context.Context, name events.Keyframe) (release func(), err error) {
	end := time.Now().Add(claimPatience)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		release, err = k.store.Claim(ctx)
		if !errors.Is(err, events.ErrConflict) || time.Now().After(end) {
			return release, err
		}
		if list, err := k.store.List(ctx); err == nil && slices.Contains(list, name) {
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// prune removes keyframes that nobody can use any longer: those of another log, those
// after which the log has forgotten records, and, beyond maxKeyframes, the ones that
// are missed least.
func (k *keyframer) prune(ctx context.Context, list []events.Keyframe) error {
	info, err := k.log.Info(ctx)
	if err != nil || !info.Created.Equal(k.info.Created) {
		return err
	}
	for _, old := range useless(list, info) {
		if err := k.store.Remove(ctx, old); err != nil {
			return err
		}
	}
	return nil
}

// useless picks the keyframes to remove from a list, which it changes.
func useless(list []events.Keyframe, info events.Info) (remove []events.Keyframe) {
	list = slices.DeleteFunc(list, func(f events.Keyframe) bool {
		bad := f.Created != info.Created.UnixNano() || f.Seq+1 < info.First
		if bad {
			remove = append(remove, f)
		}
		return bad
	})
	for len(list) > maxKeyframes {
		least := 1
		for i := 2; i < len(list)-1; i++ {
			if list[i+1].Seq-list[i-1].Seq < list[least+1].Seq-list[least-1].Seq {
				least = i
			}
		}
		remove = append(remove, list[least])
		list = slices.Delete(list, least, least+1)
	}
	return remove
}
