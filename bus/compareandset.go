package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

// compareAndSet changes a stream that keeps one message a subject: m is stored if
// the subject's last message has the expected sequence. It resolves lost
// acknowledgements and conflicts by looking at the subject, where m is known by its
// message id, which it gets here if it has none. So the outcome is definite,
// events.ErrUnresolved only if the stream could not be looked at until ctx ended. A
// stream that can't be reached is waited for as long as down allows, nil: not at
// all. With events.ErrConflict comes the message that is there instead, nil if
// there is none.
func (b *Bus) compareAndSet(ctx context.Context, stream string, m *nats.Msg, expected uint64, down *events.Outage) (seq uint64, other *message, err error) {
	id := m.Header.Get(jetstream.MsgIDHeader)
	if id == "" {
		id = events.NewID(time.Now()).String()
	}
	m = &nats.Msg{Subject: m.Subject, Header: maps.Clone(m.Header), Data: m.Data} // an earlier attempt may be on its way
	maps.Copy(m.Header, expect(id, expected))
	unresolved := false
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		seq, err := b.store(ctx, stream, m)
		again := waitsFor(down, err)
		switch {
		case err == nil:
			return seq, nil, nil
		case errors.Is(err, events.ErrUnresolved):
			unresolved = true
		case errors.Is(err, events.ErrConflict), unresolved:
		case again && b.pause(ctx, wait):
			continue
		default:
			return 0, nil, err
		}
		there, lookErr := b.last(ctx, stream, m.Subject)
		switch {
		case lookErr == nil && there.header().Get(jetstream.MsgIDHeader) == id:
			if err = b.settle(ctx, stream, there.Seq); err == nil {
				return there.Seq, nil, nil
			}
		case lookErr == nil && there.Seq != expected:
			return 0, there, conflictAt(there.Seq)
		case errors.Is(lookErr, events.ErrNotFound) && expected != 0:
			return 0, nil, conflictAt(0)
		}
		// Nothing has changed: m was lost, or somebody else's message, which
		// was in flight, was. Or it is there, and perhaps not on disk.
		if !b.pause(ctx, wait) {
			return 0, nil, unsettled(err)
		}
	}
}

// unsettled makes the last attempt's error that of the whole: a conflict with a
// message that may have been lost since is none.
func unsettled(err error) error {
	if errors.Is(err, events.ErrUnresolved) {
		return err
	}
	return fmt.Errorf("%w: %v", events.ErrUnresolved, err)
}

func conflictAt(seq uint64) error {
	return fmt.Errorf("%w (its sequence is %d)", events.ErrConflict, seq)
}
