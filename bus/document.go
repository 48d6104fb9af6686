package bus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	// documentVersion begins the stored form.
	documentVersion = 1
	// putsInFlight bounds PutAll.
	putsInFlight = 256
	// kvOperation marks a deleted key of a key-value bucket (ADR-8).
	kvOperation = "KV-Operation"
)

// Documents is a key-value bucket with one document an account, which is
// changed by compare-and-set on its revision. Errors wrap those of package
// events. Puts, deletions and reads wait while the bucket can't be reached, for
// events.MaxOutage at most. It is safe for concurrent use.
type Documents struct {
	b      *Bus
	stream string
	prefix string
	down   events.Outage
}

func newDocuments(b *Bus, bucket string) *Documents {
	return &Documents{b: b, stream: bucketStream(bucket), prefix: bucketPrefix(bucket)}
}

func (d *Documents) subject(account events.JID) string { return d.prefix + accountKey(account) }

// Get returns an account's document as it is now, or events.ErrNotFound.
func (d *Documents) Get(ctx context.Context, account events.JID) (events.Document, error) {
	m, err := patiently(ctx, d.b, &d.down, func(ctx context.Context) (*message, error) {
		return d.b.last(ctx, d.stream, d.subject(account))
	})
	if err != nil {
		return events.Document{}, fmt.Errorf("document of %s: %w", account.Bare(), err)
	}
	doc, err := openDocument(m.Data, m.header(), m.Seq, m.Time)
	if err == nil && doc.Deleted {
		err = events.ErrNotFound
	}
	if err != nil {
		return events.Document{}, fmt.Errorf("document of %s: %w", account.Bare(), err)
	}
	return doc, nil
}

// Put stores data if the account's document has the revision, 0 meaning that it
// has none, and returns the new one; otherwise it fails with
// events.ErrConflict. Outcomes that are unknown at first are resolved;
// events.ErrUnresolved comes only when ctx or events.MaxOutage ends before.
func (d *Documents) Put(ctx context.Context, account events.JID, data []byte, revision uint64) (uint64, error) {
	m, err := d.message(events.Document{JID: account, Data: data})
	if err != nil {
		return 0, err
	}
	rev, err := d.compareAndSet(ctx, m, revision)
	if err != nil {
		return 0, fmt.Errorf("put document of %s: %w", account.Bare(), err)
	}
	return rev, nil
}

// PutFor is Put of a document that the server removes after a time, unless it is
// replaced before; it is cut to seconds, at least one. Watchers are not told of the
// removal. Only the bucket Names keeps such documents.
func (d *Documents) PutFor(ctx context.Context, account events.JID, data []byte, revision uint64, keep time.Duration) (uint64, error) {
	m, err := d.message(events.Document{JID: account, Data: data})
	if err != nil {
		return 0, err
	}
	m.Header.Set(jetstream.MsgTTLHeader, strconv.FormatInt(int64(max(keep/time.Second, 1)), 10)+"s")
	rev, err := d.compareAndSet(ctx, m, revision)
	if err != nil {
		return 0, fmt.Errorf("put document of %s: %w", account.Bare(), err)
	}
	return rev, nil
}

// Delete removes the account's document if it has the revision. The bucket
// keeps a tombstone, so that watchers learn of it.
func (d *Documents) Delete(ctx context.Context, account events.JID, revision uint64) error {
	m, err := d.message(events.Document{JID: account, Deleted: true})
	if err != nil {
		return err
	}
	if _, err := d.compareAndSet(ctx, m, revision); err != nil {
		return fmt.Errorf("delete document of %s: %w", account.Bare(), err)
	}
	return nil
}

// compareAndSet treats a tombstone as if there were nothing.
func (d *Documents) compareAndSet(ctx context.Context, m *nats.Msg, revision uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, events.MaxOutage)
	defer cancel()
	rev, other, err := d.b.compareAndSet(ctx, d.stream, m, revision, &d.down)
	if revision == 0 && other != nil && isTombstone(other.header()) {
		rev, _, err = d.b.compareAndSet(ctx, d.stream, m, other.Seq, &d.down)
	}
	return rev, err
}

// PutAll is Put of every document with the revision it names, many at a time.
// It gives them back in their order with the new revision or an error each.
func (d *Documents) PutAll(ctx context.Context, docs iter.Seq[events.Document]) iter.Seq2[events.Document, error] {
	return func(yield func(events.Document, error) bool) {
		var flight []put // oldest first
		for doc := range docs {
			if len(flight) == putsInFlight {
				if !yield(d.land(ctx, flight[0])) {
					return
				}
				flight = flight[1:]
			}
			flight = append(flight, d.launch(doc))
		}
		for _, p := range flight {
			if !yield(d.land(ctx, p)) {
				return
			}
		}
	}
}

// A put is a document on its way.
type put struct {
	doc  events.Document
	m    *nats.Msg
	call *call
	err  error
}

// launch sends a put and does not wait. The message has an id of its own, by which
// land finds it again if the answer is lost.
func (d *Documents) launch(doc events.Document) (p put) {
	p.doc = doc
	if p.m, p.err = d.message(doc); p.err != nil {
		return p
	}
	maps.Copy(p.m.Header, expect(events.NewID(time.Now()).String(), doc.Revision))
	p.call, p.err = d.b.rpc.sendThen(p.m, d.b.syncs.after(d.stream))
	return p
}

// land waits for a put. A put that isn't plainly stored or refused takes the
// slow way of Put, where it is known again by its message id.
func (d *Documents) land(ctx context.Context, p put) (events.Document, error) {
	err := p.err
	if err == nil {
		var answer *nats.Msg
		if answer, err = d.b.rpc.wait(ctx, p.call); err == nil {
			p.doc.Revision, err = parseAck(answer)
		}
		if errors.Is(err, events.ErrConflict) || errors.Is(err, events.ErrUnresolved) {
			p.doc.Revision, err = d.compareAndSet(ctx, p.m, p.doc.Revision)
		}
	}
	if err != nil {
		return p.doc, fmt.Errorf("put document of %s: %w", p.doc.JID.Bare(), err)
	}
	return p.doc, nil
}

// All gives every document that there is. An error is the last.
func (d *Documents) All(ctx context.Context) iter.Seq2[events.Document, error] {
	return func(yield func(events.Document, error) bool) {
		end, err := d.b.newest(ctx, d.stream, "")
		if err != nil {
			yield(events.Document{}, fmt.Errorf("list documents: %w", err))
			return
		}
		if end.seq == 0 {
			return
		}
		t := &tail{b: d.b, stream: d.stream}
		for m, err := range t.all(ctx, end.seq) {
			if err != nil {
				yield(events.Document{}, fmt.Errorf("list documents: %w", err))
				return
			}
			doc, err := m.document()
			if !doc.Deleted && !yield(doc, err) {
				return
			}
		}
	}
}

// Last returns the newest revision in the bucket, to watch from.
func (d *Documents) Last(ctx context.Context) (uint64, error) {
	return patiently(ctx, d.b, &d.down, func(ctx context.Context) (uint64, error) {
		end, err := d.b.newest(ctx, d.stream, "")
		return end.seq, err
	})
}

// Watch gives the newest document of every account that has changed after the
// revision, and then every change until ctx ends, over interruptions too. Of
// several changes of one document only the last may be seen. An error is
// reported once an interruption; events.ErrRewound is the last.
func (d *Documents) Watch(ctx context.Context, after uint64) iter.Seq2[events.Document, error] {
	return func(yield func(events.Document, error) bool) {
		t := &tail{b: d.b, stream: d.stream, after: after}
		for m, err := range t.follow(ctx) {
			var doc events.Document
			if err == nil {
				doc, err = m.document()
			}
			if !yield(doc, err) {
				return
			}
		}
	}
}

func (d *delivery) document() (events.Document, error) {
	return openDocument(d.msg.Data, d.msg.Header, d.seq, time.Unix(0, d.at))
}

// message seals a document. The stored form is a version byte, the length of
// the JID as a uvarint, the JID and the data: the key doesn't give the JID back.
func (d *Documents) message(doc events.Document) (*nats.Msg, error) {
	if len(doc.Data) > events.MaxDocument {
		return nil, fmt.Errorf("document of %s: %w (%d bytes)", doc.JID.Bare(), events.ErrTooLarge, len(doc.Data))
	}
	jid := doc.JID.Bare().String()
	data := make([]byte, 0, len(jid)+len(doc.Data)+4)
	data = binary.AppendUvarint(append(data, documentVersion), uint64(len(jid)))
	m := &nats.Msg{Subject: d.subject(doc.JID), Header: nats.Header{}}
	m.Data = append(append(data, jid...), doc.Data...)
	if doc.Deleted {
		m.Header.Set(kvOperation, "DEL")
	}
	return m, nil
}

// errDocument: somebody else wrote into the bucket.
var errDocument = errors.New("not a document")

// openDocument undoes message. A tombstone has a JID, too, and no data.
func openDocument(data []byte, h nats.Header, seq uint64, at time.Time) (events.Document, error) {
	doc := events.Document{Revision: seq, At: at, Deleted: isTombstone(h)}
	if len(data) == 0 || data[0] != documentVersion {
		return doc, fmt.Errorf("%w: revision %d", errDocument, seq)
	}
	n, k := binary.Uvarint(data[1:])
	if k <= 0 || n > uint64(len(data)-1-k) {
		return doc, fmt.Errorf("%w: revision %d", errDocument, seq)
	}
	rest := data[1+k:]
	doc.JID = events.StoredJID(string(rest[:n]))
	doc.Data = rest[n:]
	return doc, nil
}

func isTombstone(h nats.Header) bool { return h.Get(kvOperation) != "" }
