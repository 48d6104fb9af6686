package bustest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Keyframes are events.Keyframes in memory. They are safe for concurrent use.
type Keyframes struct {
	mu      sync.Mutex
	kept    map[events.Keyframe][]byte // owned by mu, as is all that follows
	claimed *claim
	down    error
}

// A claim is told from another by its address, which needs a size.
type claim struct{ _ byte }

var _ events.Keyframes = (*Keyframes)(nil)

// NewKeyframes returns an empty store.
func NewKeyframes() *Keyframes { return &Keyframes{kept: map[events.Keyframe][]byte{}} }

// Fail makes every call fail with an error from now on; nil: no more.
func (f *Keyframes) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = err
}

// Damage changes the data of a keyframe behind everybody's back; to nil, it is cut
// off.
func (f *Keyframes) Damage(k events.Keyframe, change func([]byte) []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept[k] = change(bytes.Clone(f.kept[k]))
}

// List implements events.Keyframes.
func (f *Keyframes) List(ctx context.Context) ([]events.Keyframe, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []events.Keyframe
	for k := range f.kept {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b events.Keyframe) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.At, b.At), cmp.Compare(a.Created, b.Created), a.Format-b.Format)
	})
	return list, f.failure(ctx)
}

// Read implements events.Keyframes.
func (f *Keyframes) Read(ctx context.Context, k events.Keyframe) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, ok := f.kept[k]
	if err := f.failure(ctx); err != nil || ok {
		return bytes.Clone(data), err
	}
	return nil, fmt.Errorf("%s: %w", k, events.ErrNotFound)
}

// Peek implements events.Keyframes.
func (f *Keyframes) Peek(ctx context.Context, k events.Keyframe) ([]byte, error) {
	data, err := f.Read(ctx, k)
	return data[:min(len(data), events.KeyframePeek)], err
}

// Create implements events.Keyframes.
func (f *Keyframes) Create(ctx context.Context, k events.Keyframe, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.failure(ctx); err != nil {
		return err
	}
	if len(data) > events.MaxKeyframe {
		return fmt.Errorf("%s: %w", k, events.ErrTooLarge)
	}
	if _, ok := f.kept[k]; ok {
		return fmt.Errorf("%s: %w", k, events.ErrConflict)
	}
	f.kept[k] = bytes.Clone(data)
	return nil
}

// Remove implements events.Keyframes.
func (f *Keyframes) Remove(ctx context.Context, k events.Keyframe) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.failure(ctx); err != nil {
		return err
	}
	delete(f.kept, k)
	return nil
}

// Claim implements events.Keyframes. A claim does not end by time.
func (f *Keyframes) Claim(ctx context.Context) (release func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.failure(ctx); err != nil {
		return nil, err
	}
	if f.claimed != nil {
		return nil, events.ErrConflict
	}
	mine := &claim{}
	f.claimed = mine
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.claimed == mine {
			f.claimed = nil
		}
	}, nil
}

func (f *Keyframes) failure(ctx context.Context) error { return cmp.Or(f.down, ctx.Err()) }
