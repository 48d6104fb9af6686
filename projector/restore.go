package projector

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
)

var errGap = errors.New("the log has forgotten what came after it")

// A Restoration begins tables with keyframes. Log, Keyframes and Info are required.
type Restoration struct {
	Log       events.Log
	Keyframes events.Keyframes
	Info      events.Info // of the log now
	// Wanted reports a keyframe that the table may begin with, by its name; nil: any.
	Wanted func(events.Keyframe) bool
	// Passed is told of each keyframe that was wanted and can't be used, and why; nil:
	// nobody is told. events.ErrDamaged is what it says, keyframe.ErrFormat another
	// build's, events.ErrRewound one of another log, or of this one before it was cut
	// or restored.
	Passed func(events.Keyframe, error)
}

// Fill fills an empty table from the newest good keyframe that is wanted, and returns
// its head; nil if there is none, and the table is as it was. The records that the
// table lacks are in the log behind it. Errors wrap events.ErrUnavailable, or are
// those of ctx.
func (r Restoration) Fill(ctx context.Context, t *Table) (*keyframe.Head, error) {
	list, err := r.Keyframes.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("keyframes: %w", err)
	}
	for _, k := range slices.Backward(list) {
		if r.Wanted != nil && !r.Wanted(k) {
			continue
		}
		h, accounts, err := r.read(ctx, t, k)
		switch {
		case err == nil:
			t.load(h, accounts)
			return &h, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, events.ErrUnavailable):
			return nil, fmt.Errorf("%s: %w", k, err)
		case errors.Is(err, events.ErrNotFound): // removed meanwhile, as too old, or written
		case r.Passed != nil:
			r.Passed(k, err)
		}
	}
	return nil, nil
}

// read reads a keyframe that goes with the log as it is.
func (r Restoration) read(ctx context.Context, t *Table, k events.Keyframe) (keyframe.Head, []*session.Account, error) {
	switch {
	case !keyframe.Reads(k.Format):
		return keyframe.Head{}, nil, fmt.Errorf("%w: it has %d, this build reads up to %d", keyframe.ErrFormat, k.Format, keyframe.Format)
	case k.Created != r.Info.Created.UnixNano():
		return keyframe.Head{}, nil, fmt.Errorf("%w: it is of one made at another time", events.ErrRewound)
	case k.Seq > r.Info.Last:
		return keyframe.Head{}, nil, r.beyond(ctx, k)
	case k.Seq+1 < r.Info.First:
		return keyframe.Head{}, nil, errGap
	}
	data, err := r.Keyframes.Read(ctx, k)
	if err != nil {
		return keyframe.Head{}, nil, err
	}
	h, accounts, err := keyframe.Decode(data, func(st *events.Stored) { t.texts().intern(st, nil) })
	switch {
	case err != nil:
		return h, nil, err
	case h.Name() != k || !h.Of(r.Info):
		return h, nil, fmt.Errorf("%w: it is not what its name says", events.ErrDamaged)
	}
	return h, accounts, r.check(ctx, h)
}

// beyond says why a keyframe behind the log's end can't be used: the log was cut, or, as
// events.ErrNotFound, both are newer than r.Info.
func (r Restoration) beyond(ctx context.Context, k events.Keyframe) error {
	now, err := r.Log.Info(ctx)
	switch {
	case err != nil:
		return err
	case k.Seq <= now.Last:
		return fmt.Errorf("%w: it was written since", events.ErrNotFound)
	}
	return fmt.Errorf("%w: it ends at %d", events.ErrRewound, now.Last)
}

// check finds out whether the log has the record that the keyframe is of. One that
// retention has just removed can't be compared; the log's creation must do.
func (r Restoration) check(ctx context.Context, h keyframe.Head) error {
	if h.Seq < r.Info.First {
		return nil
	}
	for st, err := range r.Log.Read(ctx, events.Range{After: h.Seq - 1, To: h.Seq}) {
		switch {
		case events.IsPoison(err):
		case err != nil:
			return err
		case st.ID == h.ID && st.At == h.At:
			return nil
		}
		return fmt.Errorf("%w: it has another record at %d", events.ErrRewound, h.Seq)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: it has no record at %d", events.ErrRewound, h.Seq)
}

// load makes an empty table that of a keyframe.
func (t *Table) load(h keyframe.Head, accounts []*session.Account) {
	t.mu.Lock()
	for _, a := range accounts {
		t.accounts.put(t.accounts.hash(a.JID()), a)
		t.stats.load(a)
	}
	t.leases.Store(h.Leases)
	t.folded = h.Seq
	t.begin(h.Seq)
	t.mu.Unlock()
	t.watermark.follow(h.Stream)
	t.watermark.advance(h.Seq)
}
