package bus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

// MaxWaiting is the number of messages that wait for one account at most.
const MaxWaiting = 100

// A claim ends by itself after claimTTL, and whoever holds it stops using it
// before that.
const (
	claimTTL = 5 * time.Second // whole seconds: the server has no finer ones (ADR-43)
	claimUse = 4 * time.Second
)

// ErrTaken: another session takes the account's messages at this moment.
var ErrTaken = errors.New("another session takes the waiting messages")

// Waiting keeps messages for accounts that nobody is online for: a stream with
// one subject an account, and beside it one for a claim, so that two sessions
// that come online together don't both deliver them. It is safe for
// concurrent use.
type Waiting struct {
	b    *Bus
	down events.Outage

	mu    sync.Mutex
	taken map[uint64]bool // guarded; messages that were taken and could not be removed yet
}

// Store adds a message for an account. It makes attempts until the outcome is
// known, for events.MaxOutage at most, and never stores twice. Errors wrap
// events.ErrFull when the account has MaxWaiting messages, or those of package
// events.
func (w *Waiting) Store(ctx context.Context, account events.JID, data []byte) error {
	m := &nats.Msg{
		Subject: accountSubject(waitPrefix, account),
		// Within the stream's window a second attempt is known by its id.
		Header: nats.Header{jetstream.MsgIDHeader: {events.NewID(time.Now()).String()}},
		Data:   data,
	}
	ctx, cancel := context.WithTimeout(ctx, events.MaxOutage)
	defer cancel()
	unresolved := false
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		_, err := w.b.store(ctx, waitingStream, m)
		again := waitsFor(&w.down, err)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, events.ErrUnresolved):
			unresolved = true
		case errors.Is(err, events.ErrConflict): // the first attempt is still in flight
		case !unresolved && !again:
			if errors.Is(err, events.ErrFull) {
				w.b.refused.Add(1)
			}
			return fmt.Errorf("keep for %s: %w", account.Bare(), err)
		}
		if !w.b.pause(ctx, wait) {
			if !unresolved {
				return fmt.Errorf("keep for %s: %w", account.Bare(), err)
			}
			return fmt.Errorf("keep for %s: %w: %w", account.Bare(), events.ErrUnresolved, err)
		}
	}
}

// Take gives the account's messages, oldest first. Each is removed when the
// loop goes on to the next one, or ends after the last: the message at which
// the loop is left by break or return stays, and after a crash the same holds,
// so that a message may be delivered again but is not lost. An error is the
// last; ErrTaken if another session is at it. A loop of more than 4 s ends with
// events.ErrUnavailable and may be begun again.
func (w *Waiting) Take(ctx context.Context, account events.JID) iter.Seq2[events.Document, error] {
	return func(yield func(events.Document, error) bool) {
		ctx, cancel := context.WithTimeout(ctx, claimUse)
		defer cancel()
		claim, err := w.claim(ctx, account)
		if err == nil && claim > 0 {
			defer w.erase(context.WithoutCancel(ctx), claim)
			err = w.take(ctx, account, yield)
		}
		if err != nil {
			yield(events.Document{}, fmt.Errorf("take the messages of %s: %w", account.Bare(), err))
		}
	}
}

// Peek gives the account's messages, oldest first, and leaves them where they are. An
// error is the last.
func (w *Waiting) Peek(ctx context.Context, account events.JID) iter.Seq2[events.Document, error] {
	return func(yield func(events.Document, error) bool) {
		for seq := uint64(1); ; {
			m, err := w.next(ctx, account, seq)
			if errors.Is(err, events.ErrNotFound) {
				return
			}
			if err != nil {
				err = fmt.Errorf("read the messages of %s: %w", account.Bare(), err)
			}
			if !yield(m, err) || err != nil {
				return
			}
			seq = m.Revision + 1
		}
	}
}

// take returns nil if yield has returned false.
func (w *Waiting) take(ctx context.Context, account events.JID, yield func(events.Document, error) bool) error {
	for seq := uint64(1); ; {
		m, err := w.next(ctx, account, seq)
		if errors.Is(err, events.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if !w.wasTaken(m.Revision) && !yield(m, nil) {
			return nil
		}
		if err := w.remove(ctx, m.Revision); err != nil {
			return err
		}
		seq = m.Revision + 1
	}
}

// next is the account's oldest message at or after a sequence, or
// events.ErrNotFound.
func (w *Waiting) next(ctx context.Context, account events.JID, seq uint64) (events.Document, error) {
	m, err := patiently(ctx, w.b, &w.down, func(ctx context.Context) (*message, error) {
		return w.b.next(ctx, waitingStream, accountSubject(waitPrefix, account), seq)
	})
	if err != nil {
		return events.Document{}, err
	}
	return events.Document{JID: account.Bare(), Data: m.Data, Revision: m.Seq, At: m.Time}, nil
}

// claim returns the sequence of the claim, 0 if there is nothing to take. It
// need not be given back: it has a time to live.
func (w *Waiting) claim(ctx context.Context, account events.JID) (uint64, error) {
	if _, err := w.next(ctx, account, 1); err != nil {
		if errors.Is(err, events.ErrNotFound) {
			err = nil
		}
		return 0, err
	}
	m := &nats.Msg{
		Subject: accountSubject(claimPrefix, account),
		Header:  nats.Header{jetstream.MsgTTLHeader: {claimTTL.String()}},
	}
	seq, _, err := w.b.compareAndSet(ctx, waitingStream, m, 0, &w.down)
	if errors.Is(err, events.ErrConflict) {
		err = ErrTaken
	}
	return seq, err
}

// remove deletes a message that was taken. If that can't be it is remembered, and
// this process gives it to nobody else.
func (w *Waiting) remove(ctx context.Context, seq uint64) error {
	_, err := patiently(ctx, w.b, &w.down, func(ctx context.Context) (struct{}, error) { return struct{}{}, w.erase(ctx, seq) })
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.taken[seq] = true
	} else {
		delete(w.taken, seq)
	}
	return err
}

func (w *Waiting) wasTaken(seq uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.taken[seq]
}

// erase tries once to delete a message. One that is gone already is deleted.
func (w *Waiting) erase(ctx context.Context, seq uint64) error {
	request := struct {
		Seq     uint64 `json:"seq"`
		NoErase bool   `json:"no_erase"`
	}{seq, true}
	err := w.b.api(ctx, "STREAM.MSG.DELETE."+waitingStream, request, &struct{}{})
	if errors.Is(err, events.ErrNotFound) {
		return nil
	}
	return err
}
