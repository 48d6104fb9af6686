package publisher

import (
	"context"
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
)

// ahead is how many records are read before they are published.
const ahead = 1024

// An item is what the log has at a sequence.
type item struct {
	st     events.Stored
	poison *events.PoisonError // in place of st
}

func (i *item) seq() events.Seq {
	if i.poison != nil {
		return i.poison.Seq
	}
	return i.st.Seq
}

// A reader follows the log.
type reader struct {
	items chan item
	err   error // why there are no more; set before items is closed
	batch []item
}

// follow begins to read after a sequence, until ctx ends. wait must be called.
func follow(ctx context.Context, log events.Log, after events.Seq) *reader {
	r := &reader{items: make(chan item, ahead)}
	go r.run(ctx, log, after)
	return r
}

func (r *reader) run(ctx context.Context, log events.Log, after events.Seq) {
	defer close(r.items)
	for st, err := range log.Follow(ctx, after) {
		var one item
		poison, _ := errors.AsType[*events.PoisonError](err)
		switch {
		case poison != nil:
			one.poison = poison
		case errors.Is(err, events.ErrUnavailable):
			continue // it goes on
		case err != nil:
			r.err = err
			return
		default:
			one.st = *st
		}
		select {
		case r.items <- one:
		case <-ctx.Done():
			return
		}
	}
}

// fill waits for a record and takes what else is there, up to a number.
func (r *reader) fill(ctx context.Context, most int) error {
	clear(r.batch)
	r.batch = r.batch[:0]
	select {
	case one, ok := <-r.items:
		if !ok {
			return errors.Join(ctx.Err(), r.err)
		}
		r.batch = append(r.batch, one)
	case <-ctx.Done():
		return ctx.Err()
	}
	for len(r.batch) < most {
		select {
		case one, ok := <-r.items:
			if !ok {
				return nil // the next call tells
			}
			r.batch = append(r.batch, one)
		default:
			return nil
		}
	}
	return nil
}

// wait returns when nothing of it goes on.
func (r *reader) wait() {
	for range r.items {
	}
}
