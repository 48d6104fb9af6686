package bus

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"rollcall/events"
)

// preBuffer is the number of records that wait to be sent. One more is
// dropped: a flood of connections must not slow down those that have a session.
const preBuffer = 1024

// Pre takes what happens to connections that have no account yet. It is
// written without waiting and without acknowledgement: what the server loses
// or drops afterwards is not counted. It is safe for concurrent use.
type Pre struct {
	b     *Bus
	queue chan *nats.Msg
	stop  chan struct{}
	ended chan struct{}

	sent, dropped atomic.Uint64
}

// newPre starts the goroutine that sends; close ends it.
func newPre(b *Bus) *Pre {
	p := &Pre{b: b, queue: make(chan *nats.Msg, preBuffer), stop: make(chan struct{}), ended: make(chan struct{})}
	go p.run()
	return p
}

// Publish takes a record of one of the kinds before authentication. It never
// blocks.
func (p *Pre) Publish(r *events.Record) {
	m := &nats.Msg{
		Subject: prePrefix + "." + Token(r.Connector.Name),
		Data:    r.Append(make([]byte, 0, 192)),
	}
	select {
	case p.queue <- m:
	default:
		p.dropped.Add(1)
	}
}

// Stats returns how many records were sent, and how many were dropped because
// the buffer was full or there was no connection.
func (p *Pre) Stats() (sent, dropped uint64) { return p.sent.Load(), p.dropped.Load() }

func (p *Pre) run() {
	defer close(p.ended)
	for {
		select {
		case m := <-p.queue:
			p.send(m)
		case <-p.stop:
			for len(p.queue) > 0 {
				p.send(<-p.queue)
			}
			return
		}
	}
}

func (p *Pre) send(m *nats.Msg) {
	if err := p.b.nc.PublishMsg(m); err != nil {
		p.dropped.Add(1)
		return
	}
	p.sent.Add(1)
}

// close sends what is in the buffer.
func (p *Pre) close() {
	close(p.stop)
	<-p.ended
}

// Read gives the records of all connectors that were stored at or after since
// and before until; the zero time is no limit. Errors are as in Log.Read.
func (p *Pre) Read(ctx context.Context, since, until time.Time) iter.Seq2[*events.Stored, error] {
	return p.b.read(ctx, preStream, "", events.Range{Since: since, Until: until})
}
