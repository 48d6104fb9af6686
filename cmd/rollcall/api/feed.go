package api

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// pseudonymRetry is how long to wait before a pseudonym that could not be had is asked for
// again.
const pseudonymRetry = 100 * time.Millisecond

// feedSize is how many of the newest events are kept for those who follow.
const feedSize = 1 << 13

// A feed follows the log once for all who follow it, as long as somebody does. It keeps the
// newest events as they are told, for nobody to be waited for: whoever falls behind
// reads the log, together with the others who are there.
type feed struct {
	ctx context.Context
	h   *History

	passages passages // of the events missed by readers that fall behind

	mu      sync.Mutex
	readers int                // owned by mu, as all below
	stop    context.CancelFunc // while there are readers
	ring    [feedSize]*told    // by sequence, modulo its size
	first   events.Seq         // the oldest that is in the ring
	last    events.Seq         // the newest
	more    chan struct{}      // closed and replaced when last grows
	err     error              // why nothing comes any longer
}

// told is one event, and how it is told, which is written when somebody first takes it.
type told struct {
	st     events.Stored
	who    names.Pseudonym
	poison *events.PoisonError // in place of st
	lines  [2]struct {         // for those who may see networks, and for those who may see addresses
		once sync.Once
		text []byte
	}
}

// line is the event as an encoder writes it; all that may see as much have the same one.
func (t *told) line(e *public.Encoder, full bool) []byte {
	l := &t.lines[0]
	if full {
		l = &t.lines[1]
	}
	l.once.Do(func() {
		if t.poison != nil {
			l.text = e.AppendDamaged(nil, t.poison)
		} else {
			l.text = e.Append(nil, &t.st, t.who)
		}
	})
	return l.text
}

// join begins to follow if nobody did. leave must be called.
func (f *feed) join() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readers++; f.readers > 1 {
		return nil
	}
	ctx, stop := context.WithCancel(f.ctx)
	info, err := f.h.Archive.Log.Info(ctx)
	if err != nil {
		stop()
		f.readers--
		return err
	}
	f.first, f.last, f.more, f.err, f.stop = info.Last+1, info.Last, make(chan struct{}), nil, stop
	go f.run(ctx, info.Last)
	return nil
}

func (f *feed) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readers--; f.readers == 0 {
		f.stop()
	}
}

// run follows the log until ctx ends.
func (f *feed) run(ctx context.Context, after events.Seq) {
	for st, err := range f.h.Archive.Log.Follow(ctx, after) {
		one := &told{}
		poison, _ := errors.AsType[*events.PoisonError](err)
		switch {
		case poison != nil:
			one.poison = poison
		case errors.Is(err, events.ErrUnavailable):
			continue // it goes on
		case err != nil:
			f.end(ctx, err)
			return
		default:
			who, err := f.whose(ctx, st)
			if err != nil {
				f.end(ctx, err)
				return
			}
			one.st, one.who = *st, who
		}
		f.tell(ctx, one)
	}
	f.end(ctx, ctx.Err())
}

// whose asks for the pseudonym until it can be had.
func (f *feed) whose(ctx context.Context, st *events.Stored) (who names.Pseudonym, err error) {
	for {
		who, err = f.h.Names.Of(ctx, st)
		if !errors.Is(err, events.ErrUnavailable) {
			return who, err
		}
		select {
		case <-time.After(pseudonymRetry):
		case <-ctx.Done():
			return who, ctx.Err()
		}
	}
}

// seq is the event's place.
func (t *told) seq() events.Seq {
	if t.poison != nil {
		return t.poison.Seq
	}
	return t.st.Seq
}

func (f *feed) tell(ctx context.Context, one *told) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return // another run may have begun
	}
	seq := one.seq()
	for gap := f.last + 1; gap < seq && seq-gap < feedSize; gap++ {
		f.ring[gap%feedSize] = nil // of the records that the log has lost
	}
	f.ring[seq%feedSize] = one
	f.last = seq
	if seq >= feedSize {
		f.first = max(f.first, seq-feedSize+1)
	}
	close(f.more)
	f.more = make(chan struct{})
}

func (f *feed) end(ctx context.Context, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil && f.ctx.Err() == nil {
		return // the last reader has left, and the next one begins anew
	}
	f.err = err
	close(f.more)
	f.more = make(chan struct{})
}

// after gives up to some events after a sequence that are in the ring, and the sequence
// up to which that is; ok is false if the log has to be read first. Where there are none
// more is closed when there are.
func (f *feed) after(seq events.Seq, into []*told) (list []*told, last events.Seq, more <-chan struct{}, ok bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, seq, nil, true, f.err
	}
	if seq+1 < f.first {
		return nil, f.first - 1, nil, false, nil
	}
	list = into[:0]
	for last = seq; last < f.last && len(list) < cap(into); {
		last++
		if one := f.ring[last%feedSize]; one != nil && one.seq() == last {
			list = append(list, one)
		}
	}
	return list, last, f.more, true, nil
}
