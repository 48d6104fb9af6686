package verify

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

// plan finds the parts, and reads the table that the first one begins with.
func (v *verifier) plan(ctx context.Context, r *Report) (err error) {
	if v.info, err = v.Log.Info(ctx); err != nil {
		return fmt.Errorf("ask for the log's end: %w", err)
	}
	if v.Since.Seq > v.info.Last || v.Since.Time.After(time.Now()) {
		return fmt.Errorf("%s: %w", v.Since, replay.ErrFuture)
	}
	frames, err := v.frames(ctx, r)
	if err != nil {
		return err
	}
	begun, err := v.beginning(ctx, r, frames)
	if err != nil {
		return err
	}
	for _, k := range frames[begun:] {
		v.parts = append(v.parts, newPart(&k, k.Seq))
	}
	for i, p := range v.parts {
		if p.to = v.info.Last; i+1 < len(v.parts) {
			p.to = v.parts[i+1].after
		}
	}
	r.After, v.chain.begins = v.parts[0].after, v.parts[0].after
	v.remember(v.first)
	return nil
}

// frames lists the log's keyframes, oldest first.
func (v *verifier) frames(ctx context.Context, r *Report) (all []events.Keyframe, err error) {
	if v.Keyframes == nil {
		return nil, nil
	}
	list, err := v.Keyframes.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("keyframes: %w", err)
	}
	for _, k := range list {
		if keyframe.Reads(k.Format) && k.Created == v.info.Created.UnixNano() && k.Seq <= v.info.Last && k.Seq+1 >= v.info.First {
			all = append(all, k)
			continue
		}
		_, _, err := v.load(ctx, k) // which says why it can't be used
		switch {
		case passing(ctx, err):
			return nil, err
		case errors.Is(err, events.ErrNotFound):
			continue // removed, or written, since the check began
		}
		r.Passed = append(r.Passed, Unusable{k, err})
	}
	return all, nil
}

// beginning makes the first part and returns where in the list the second one begins.
// The first begins with the newest good keyframe that is early enough, or with the
// log.
func (v *verifier) beginning(ctx context.Context, r *Report, frames []events.Keyframe) (int, error) {
	early := func(k events.Keyframe) bool { return k.Seq+1 == v.info.First }
	switch {
	case v.Since.Seq != 0:
		early = func(k events.Keyframe) bool { return k.Seq <= v.Since.Seq }
	case !v.Since.Time.IsZero():
		early = func(k events.Keyframe) bool { return !k.StoredAt().After(v.Since.Time) }
	}
	n := 0
	for n < len(frames) && early(frames[n]) {
		n++
	}
	for i := n - 1; i >= 0; i-- {
		k := frames[i]
		table, begins, err := v.load(ctx, k)
		switch {
		case passing(ctx, err):
			return 0, err
		case err != nil:
			r.Passed = append(r.Passed, Unusable{k, err})
			continue
		}
		p := newPart(&k, k.Seq)
		p.begins, v.first, v.parts = begins, table, []*part{p}
		return n, nil
	}
	p := newPart(nil, max(v.info.First, 1)-1)
	v.first, v.parts = projector.NewTable(), []*part{p}
	var err error
	p.begins, err = v.beginsAt(ctx)
	return n, err
}

// beginsAt is when the log's first record was stored, 0 if none is gone before it.
func (v *verifier) beginsAt(ctx context.Context) (int64, error) {
	if v.info.First <= 1 {
		return 0, nil
	}
	for st, err := range v.Log.Read(ctx, events.Range{To: v.info.First}) {
		switch poison, passed := errors.AsType[*events.PoisonError](err); {
		case passed:
			return poison.At, nil
		case err != nil:
			return 0, fmt.Errorf("read the log's first record: %w", err)
		}
		return st.At, nil
	}
	return time.Now().UnixNano(), ctx.Err()
}

// remember begins the chain with the accounts of the first table.
func (v *verifier) remember(t *projector.Table) {
	t.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
		for a := range accounts {
			v.chain.last[v.chain.hash(a.JID())] = a.Seq
		}
	})
	if l := t.Leases(); l != nil {
		v.chain.last[v.chain.hash(events.Connectors)] = l.Seq
	}
}

// load reads one keyframe. It fails with what Unusable says, or with a passing error.
func (v *verifier) load(ctx context.Context, k events.Keyframe) (*projector.Table, int64, error) {
	unusable := fmt.Errorf("it was removed meanwhile: %w", events.ErrNotFound)
	table := projector.NewTable()
	head, err := projector.Restoration{
		Log: v.Log, Keyframes: only{v.Keyframes, k}, Info: v.info,
		Passed: func(_ events.Keyframe, err error) { unusable = err },
	}.Fill(ctx, table)
	switch {
	case err != nil:
		return nil, 0, err
	case head == nil:
		return nil, 0, unusable
	}
	return table, head.Begins, nil
}

// passing reports an error of reading, not of the keyframe that was read.
func passing(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, events.ErrUnavailable))
}

// only is a store as if it had one keyframe.
type only struct {
	events.Keyframes
	keyframe events.Keyframe
}

// List implements events.Keyframes.
func (o only) List(context.Context) ([]events.Keyframe, error) {
	return []events.Keyframe{o.keyframe}, nil
}
