package bustest

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// TestKeyframes holds a store to the contract of events.Keyframes. open returns an
// empty one, a new one each time; it is called concurrently.
func TestKeyframes(t *testing.T, open func(t *testing.T) events.Keyframes) {
	for _, c := range []struct {
		name string
		run  func(*frames)
	}{
		{"what is read is what was created", (*frames).roundTrip},
		{"a name is given once", (*frames).once},
		{"they are listed by the place of their records, those of other logs and formats too", (*frames).list},
		{"what is removed is gone, and its name is free", (*frames).remove},
		{"one at a time claims to write", (*frames).claim},
		{"of writers that race for a name one succeeds, and what it wrote is there", (*frames).race},
		{"what is too large is refused", (*frames).tooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			c.run(&frames{contract{T: t, ctx: ctx}, open(t)})
		})
	}
}

type frames struct {
	contract
	store events.Keyframes
}

func frame(seq events.Seq) events.Keyframe {
	return events.Keyframe{Format: 1, Created: 1_700_000_000_000_000_000, Seq: seq, At: 1_800_000_000_000_000_000 + int64(seq)}
}

func (c *frames) create(k events.Keyframe, data []byte) {
	c.Helper()
	if err := c.store.Create(c.ctx, k, data); err != nil {
		c.Fatalf("create %v: %v", k, err)
	}
}

func (c *frames) holds(k events.Keyframe, want []byte) {
	c.Helper()
	if got, err := c.store.Read(c.ctx, k); err != nil || !bytes.Equal(got, want) {
		c.Errorf("%s has %d bytes, want %d, %v", k, len(got), len(want), err)
	}
	switch got, err := c.store.Peek(c.ctx, k); {
	case err != nil || !bytes.HasPrefix(want, got) || len(got) < min(len(want), events.KeyframePeek):
		c.Errorf("%s begins with %d bytes of %d, %v", k, len(got), len(want), err)
	case len(got) > len(want)/2 && len(want) > 8*events.KeyframePeek:
		c.Errorf("of %s %d bytes are read to see its beginning", k, len(got))
	}
}

func (c *frames) lists(want ...events.Keyframe) {
	c.Helper()
	got, err := c.store.List(c.ctx)
	if err != nil || !slices.Equal(got, want) {
		c.Errorf("there are %v, %v, want %v", got, err, want)
	}
}

func (c *frames) roundTrip() {
	c.lists()
	_, err := c.store.Read(c.ctx, frame(1))
	c.wantErr("read what isn't there", err, events.ErrNotFound)
	_, err = c.store.Peek(c.ctx, frame(1))
	c.wantErr("look at what isn't there", err, events.ErrNotFound)
	large := make([]byte, 3<<20+5)
	for i := range large {
		large[i] = byte(i * i >> 8)
	}
	for i, data := range [][]byte{{}, []byte("x"), large} {
		c.create(frame(events.Seq(i+1)), data)
		c.holds(frame(events.Seq(i+1)), data)
	}
	c.lists(frame(1), frame(2), frame(3))
}

func (c *frames) once() {
	c.create(frame(1), []byte("one"))
	c.wantErr("create again", c.store.Create(c.ctx, frame(1), []byte("two")), events.ErrConflict)
	c.holds(frame(1), []byte("one"))
	c.lists(frame(1))
}

func (c *frames) list() {
	foreign, future := frame(2), frame(2)
	foreign.Created++
	future.Format = 2
	for _, k := range []events.Keyframe{frame(10), foreign, frame(2), future, frame(9)} {
		c.create(k, nil)
	}
	c.lists(frame(2), future, foreign, frame(9), frame(10))
}

func (c *frames) remove() {
	c.create(frame(1), []byte("one"))
	c.create(frame(2), []byte("two"))
	for range 2 {
		if err := c.store.Remove(c.ctx, frame(1)); err != nil {
			c.Fatal(err)
		}
	}
	c.lists(frame(2))
	c.create(frame(1), []byte("again"))
	c.holds(frame(1), []byte("again"))
	c.holds(frame(2), []byte("two"))
}

func (c *frames) claim() {
	release, err := c.store.Claim(c.ctx)
	if err != nil {
		c.Fatal(err)
	}
	_, err = c.store.Claim(c.ctx)
	c.wantErr("claim beside another", err, events.ErrConflict)
	c.create(frame(1), []byte("one"))
	release()
	again, err := c.store.Claim(c.ctx)
	if err != nil {
		c.Fatal(err)
	}
	release() // of a claim that has ended
	_, err = c.store.Claim(c.ctx)
	c.wantErr("claim beside the second", err, events.ErrConflict)
	again()
	c.holds(frame(1), []byte("one"))
}

func (c *frames) race() {
	const writers = 8
	errs := make([]error, writers)
	var g sync.WaitGroup
	for i := range writers {
		g.Go(func() { errs[i] = c.store.Create(c.ctx, frame(1), bytes.Repeat([]byte{byte(i)}, 600<<10)) })
	}
	g.Wait()
	won := -1
	for i, err := range errs {
		switch {
		case err != nil:
			c.wantErr("lose the race", err, events.ErrConflict)
		case won >= 0:
			c.Errorf("both %d and %d won", won, i)
		default:
			won = i
		}
	}
	c.holds(frame(1), bytes.Repeat([]byte{byte(won)}, 600<<10))
}

func (c *frames) tooLarge() {
	c.wantErr("create", c.store.Create(c.ctx, frame(1), make([]byte, events.MaxKeyframe+1)), events.ErrTooLarge)
	c.lists()
}
