package bus

import "github.com/nats-io/nats.go"

// Those that send at the same time would wait for each other at the connection's
// lock, behind every write to the socket, and be woken one by one. Instead they put
// their messages into a queue, and the first of them sends what is there, its own
// being the first. When more has come meanwhile, a goroutine goes on with it: nobody
// waits for others' messages longer than it takes to send those that came with its
// own.

// An outgoing message is one of the queue.
type outgoing struct {
	call           uint64
	subject, reply string
	header         nats.Header
	data           []byte
}

// sendQueue sends what is in the queue.
func (r *requests) sendQueue() {
	batch := r.takeQueue()
	var m nats.Msg
	for _, out := range batch {
		m = nats.Msg{Subject: out.subject, Reply: out.reply, Header: out.header, Data: out.data}
		if err := r.b.nc.PublishMsg(&m); err != nil {
			if c := r.claim(out.call); c != nil {
				c.answer <- answer{err: notSent(err)}
			}
		}
	}
	clear(batch)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spare = batch[:0]
	if r.sending = len(r.queue) > 0; r.sending {
		go r.sendQueue()
	}
}

func (r *requests) takeQueue() (batch []outgoing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	batch, r.queue, r.spare = r.queue, r.spare, nil
	return batch
}
