package bus

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	// preBuffer is the number of records that wait to be sent. One more is
	// dropped: a flood of connections must not slow down those that have a
	// session.
	preBuffer = 1024
	// preDelay is how long a record may wait for others to share a message
	// with. A process that is killed loses so much of the records.
	preDelay = 20 * time.Millisecond
	// preBundle is the size of a message, in bytes, that waits no longer.
	preBundle = 16 << 10
)

// Pre takes what happens to connections that have no account yet. It is
// written without waiting and without acknowledgement: what the server loses
// or drops afterwards is not counted. Records share messages, because there are
// several for each login. It is safe for concurrent use.
type Pre struct {
	b     *Bus
	queue chan preRecord
	stop  chan struct{}
	ended chan struct{}

	sent, dropped atomic.Uint64
}

type preRecord struct {
	subject string
	data    []byte
}

// newPre starts the goroutine that sends; close ends it.
func newPre(b *Bus) *Pre {
	p := &Pre{b: b, queue: make(chan preRecord, preBuffer), stop: make(chan struct{}), ended: make(chan struct{})}
	go p.run()
	return p
}

// Publish takes a record of one of the kinds before authentication. It never
// blocks.
func (p *Pre) Publish(r *events.Record) {
	one := preRecord{prePrefix + "." + token(r.Connector.Name), r.Append(make([]byte, 0, 192))}
	select {
	case p.queue <- one:
	default:
		p.dropped.Add(1)
	}
}

// Stats returns how many records were sent, and how many were dropped because
// the buffer was full or there was no connection.
func (p *Pre) Stats() (sent, dropped uint64) { return p.sent.Load(), p.dropped.Load() }

// run is the goroutine that sends.
func (p *Pre) run() {
	defer close(p.ended)
	var open bundle
	timer := time.NewTimer(preDelay)
	timer.Stop()
	for {
		select {
		case one := <-p.queue:
			if open.records == 0 {
				timer.Reset(preDelay)
			}
			p.add(&open, one)
		case <-timer.C:
			p.send(&open)
		case <-p.stop:
			for len(p.queue) > 0 {
				p.add(&open, <-p.queue)
			}
			p.send(&open)
			return
		}
	}
}

// add puts a record into the open bundle, and sends that when it is full.
func (p *Pre) add(open *bundle, one preRecord) {
	if open.subject != one.subject {
		p.send(open)
		open.subject = one.subject
	}
	open.add(one.data)
	if len(open.data) >= preBundle {
		p.send(open)
	}
}

// send publishes the open bundle, without asking whether it was stored, and begins
// another one for the same connector.
func (p *Pre) send(open *bundle) {
	if open.records == 0 {
		return
	}
	if err := p.b.nc.PublishMsg(&nats.Msg{Subject: open.subject, Data: open.data}); err != nil {
		p.dropped.Add(open.records)
	} else {
		p.sent.Add(open.records)
	}
	*open = bundle{subject: open.subject}
}

// close sends what is in the buffer.
func (p *Pre) close() {
	close(p.stop)
	<-p.ended
}

// Read gives the records of all connectors that were stored at or after since
// and before until; the zero time is no limit. Records that shared a message
// have its sequence and its time, and are told apart by Stored.Part. Errors are as in
// Log.Read.
func (p *Pre) Read(ctx context.Context, since, until time.Time) iter.Seq2[*events.Stored, error] {
	return p.b.read(ctx, preStream, "", events.Range{Since: since, Until: until})
}

// ReadRange is Read by the stream's sequences. The range has no account.
func (p *Pre) ReadRange(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return p.b.read(ctx, preStream, "", r)
}

// Follow gives the records of all connectors after a sequence, or since a time, and then
// those to come, as Log.Follow does; the range's end is not used. Those that are
// forgotten before they come are not told of.
func (p *Pre) Follow(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		t := &tail{b: p.b, stream: preStream, after: uint64(r.After), since: r.Since}
		for d, err := range t.follow(ctx) {
			if err != nil && !yield(nil, err) || err == nil && !d.yieldAll(preStream, yield) {
				return
			}
		}
	}
}

// Info describes the stream, as Log.Info does the log.
func (p *Pre) Info(ctx context.Context) (events.Info, error) { return p.b.describe(ctx, preStream) }
