package bus

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Count returns how many messages wait for the account.
func (w *Waiting) Count(ctx context.Context, account events.JID) (int, error) {
	subject := accountSubject(waitPrefix, account)
	request := struct {
		Filter string `json:"subjects_filter"`
	}{subject}
	var info streamInfo
	if err := w.b.api(ctx, "STREAM.INFO."+waitingStream, request, &info); err != nil {
		return 0, fmt.Errorf("count the messages of %s: %w", account.Bare(), err)
	}
	return int(info.State.Subjects[subject]), nil
}

// CreateAfter is Create of a writer that is frozen before it names what it has written.
func (f *Keyframes) CreateAfter(ctx context.Context, k events.Keyframe, data []byte, frozen func()) error {
	at, err := f.upload(ctx, data)
	if err != nil {
		return err
	}
	frozen()
	return f.name(ctx, k, at)
}

// Changes gives the documents that a backup adds to a snapshot.
func (d *Documents) Changes(ctx context.Context, after uint64, give func(events.Document)) (last uint64, err error) {
	return d.b.changes(ctx, d.stream, after, func(m *delivery) error {
		doc, err := m.document()
		give(doc)
		return err
	})
}

// Deafen makes the holder seem gone to others: nobody answers for it.
func (l *Lease) Deafen() error { return l.there.Unsubscribe() }

// Received returns how many messages the server has sent to this process.
func (b *Bus) Received() uint64 {
	n := b.nc.Stats().InMsgs
	if b.reads != nil {
		n += b.reads.nc.Stats().InMsgs
	}
	return n
}

// Subscribing is the wait for a subscription that subscribe makes on the bus's connection.
func (b *Bus) Subscribing(subject string, subscribe func(*nats.Conn) error) error {
	return b.subscribing(subject, func() error { return subscribe(b.nc) })
}
