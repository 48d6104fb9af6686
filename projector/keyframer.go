package projector

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"rollcall/events"
	"rollcall/projector/keyframe"
)

// maxKeyframes is how many keyframes of one log are kept at most: those of five months
// of hours. Beyond it the past is a little farther from the next one.
const maxKeyframes = 4000

// A keyframer writes keyframes of a table while that is folded: at every place, unless
// another process is at it; see take. Its methods are the
// folding goroutine's.
type keyframer struct {
	table  *Table
	log    events.Log
	store  events.Keyframes
	logger *slog.Logger
	info   events.Info
	begins int64 // as keyframe.Head's; -1: as soon as the first record tells
	places keyframe.Places
	busy   chan struct{} // has room for one, who writes
	claim  writing       // whoever is busy owns it
}

// A writing is a claim that is kept from one keyframe to the next while many follow
// each other, as when a log is folded that has none yet.
type writing struct {
	release func() // nil without a claim
	since   time.Time
	list    []events.Keyframe // that there are
}

// claimFor is for how long a claim is kept: half of the time for which it is given.
const claimFor = 30 * time.Second

func (c *writing) hold(ctx context.Context, store events.Keyframes) (err error) {
	if c.release != nil && time.Since(c.since) < claimFor {
		return nil
	}
	c.end()
	since := time.Now()
	release, err := store.Claim(ctx)
	if err != nil {
		return err
	}
	if c.list, err = store.List(ctx); err != nil {
		release()
		return err
	}
	c.release, c.since = release, since
	return nil
}

func (c *writing) end() {
	if c.release != nil {
		c.release()
		c.release = nil
	}
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

// before is told of a record that is about to be applied.
func (k *keyframer) before(ctx context.Context, st *events.Stored, live bool) {
	if k.begins < 0 {
		k.begins = st.At
	}
	if k.places.Before(st, k.table.stats.Sessions) {
		k.take(ctx, live, false)
	}
}

// after is told of a record that was applied.
func (k *keyframer) after(ctx context.Context, st *events.Stored, live bool) {
	if k.places.After(st, k.table.stats.Sessions) {
		k.take(ctx, live, !live)
	}
}

// take has the table written as it is now, unless the keyframe before is still being
// written. While the fold catches up with a log that has none yet, it waits at every
// interval, so that none is missing, but not at every hour, of which there may be many
// in what it folds within a second.
func (k *keyframer) take(ctx context.Context, live, wait bool) {
	h := k.places.Take()
	h.Stream, h.Created, h.Begins = k.info.Stream, k.info.Created.UnixNano(), k.begins
	if !k.enter(ctx, wait) {
		return
	}
	v := k.table.hold()
	go func() {
		defer func() { <-k.busy }()
		if err := k.write(ctx, h, v, live); err != nil && ctx.Err() == nil {
			k.logger.Warn("a keyframe can't be written; starts and the past take longer", "seq", h.Seq, "err", err)
		}
	}()
}

func (k *keyframer) enter(ctx context.Context, wait bool) bool {
	if !wait {
		select {
		case k.busy <- struct{}{}:
			return true
		default:
			return false
		}
	}
	select {
	case k.busy <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// settle clears up after the fold has caught up, while it goes on.
func (k *keyframer) settle(ctx context.Context) {
	go func() {
		k.busy <- struct{}{}
		defer func() { <-k.busy }()
		defer k.claim.end()
		if k.claim.release == nil {
			return
		}
		if err := k.prune(ctx); err != nil && ctx.Err() == nil {
			k.logger.Warn("old keyframes can't be removed", "err", err)
		}
	}()
}

// wait returns when nothing is being written, and gives the claim back.
func (k *keyframer) wait() {
	k.busy <- struct{}{}
	k.claim.end()
	<-k.busy
}

// write stores a keyframe, unless it is there or another process is at it. live tells
// that the next one will be a while.
func (k *keyframer) write(ctx context.Context, h keyframe.Head, v *snapshot, live bool) error {
	defer k.table.release(v)
	if err := k.claim.hold(ctx, k.store); err != nil {
		if errors.Is(err, events.ErrConflict) {
			return nil
		}
		return err
	}
	if live {
		defer k.claim.end()
	}
	if slices.Contains(k.claim.list, h.Name()) {
		return nil
	}
	data := keyframe.Encode(h, slices.Collect(k.table.then(v)))
	k.table.release(v)
	began := time.Now()
	if err := k.store.Create(ctx, h.Name(), data); err != nil && !errors.Is(err, events.ErrConflict) {
		return err
	}
	k.claim.list = append(k.claim.list, h.Name())
	k.logger.Debug("wrote a keyframe", "seq", h.Seq, "bytes", len(data), "took", time.Since(began))
	if live {
		return k.prune(ctx)
	}
	return nil
}

// prune removes keyframes that nobody can use any longer: those of another log, those
// after which the log has forgotten records, and, beyond maxKeyframes, the ones that
// are missed least.
func (k *keyframer) prune(ctx context.Context) error {
	info, err := k.log.Info(ctx)
	if err != nil || !info.Created.Equal(k.info.Created) {
		return err
	}
	for _, old := range useless(slices.Clone(k.claim.list), info) {
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
