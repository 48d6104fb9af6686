package stream

import (
	"io"
	"sync"
	"time"
)

// Limits of the bytes that wait to be written to one client.
const (
	// maxOutbox is how many bytes may wait. A client that reads so slowly that
	// more come is ended with policy-violation.
	maxOutbox = 4 << 20
	// strangerOutbox is as much before the client is authenticated.
	strangerOutbox = 64 << 10
	// keptBuffer is the largest buffer kept for the next stanza; an idle
	// connection keeps none.
	keptBuffer = 16 << 10
	// writeTimeout bounds one write: a peer that takes nothing for so long is
	// gone.
	writeTimeout = 30 * time.Second
)

// An outbox writes to one connection what any goroutine sends, in order. It has
// a goroutine only while there is something to write, and what comes while a
// write is under way goes out with the next one, in one piece. While it is held
// it has none: what was sent goes out by flush or finish.
type outbox struct {
	mu      sync.Mutex
	conn    writer        // guarded; replaced when TLS or WebSocket begins
	frame   framer        // guarded; goes with conn
	queue   []byte        // guarded; waits to be written
	spare   []byte        // guarded; the buffer that was written last
	held    bool          // guarded
	writing bool          // guarded; somebody writes
	most    int           // guarded; bytes that may wait
	closing bool          // guarded; nothing more is taken
	idle    chan struct{} // guarded; if not nil, closed when all is written
	failed  error         // guarded
	broken  func()        // called when a write has failed
	share   Share         // guarded; of the data that wait for all clients
}

// A writer takes batches, within its write deadline.
type writer interface {
	io.Writer
	SetWriteDeadline(time.Time) error
}

// A framer appends an element to a batch so that its writer can tell where it
// ends. nil: it need not.
type framer func(dst, element []byte) []byte

// send queues elements one after the other: a header, a stanza, or white space
// where that may be. It copies them. It reports whether it did, and if not
// whether that is because the client does not read; otherwise the outbox is
// closing or has failed.
func (o *outbox) send(elements ...[]byte) (sent, full bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	size := len(o.queue)
	for _, e := range elements {
		size += len(e)
	}
	switch {
	case o.closing || o.failed != nil:
		return false, false
	case size > o.most || !o.share.Reserve(size):
		return false, true
	}
	o.put(elements)
	return true, false
}

// finish queues the last elements, beyond every limit, and takes no more. All has
// closeGrace to get out.
func (o *outbox) finish(elements ...[]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing || o.failed != nil {
		return
	}
	o.closing, o.held = true, false
	o.conn.SetWriteDeadline(time.Now().Add(closeGrace))
	o.put(elements)
}

// put queues elements, each framed by itself. The caller holds mu.
func (o *outbox) put(elements [][]byte) {
	for _, e := range elements {
		if o.frame != nil {
			o.queue = o.frame(o.queue, e)
		} else {
			o.queue = append(o.queue, e...)
		}
	}
	o.start()
}

// start gives what waits a goroutine. The caller holds mu.
func (o *outbox) start() {
	if !o.held && !o.writing && len(o.queue) > 0 {
		o.writing = true
		go func() {
			o.mu.Lock()
			o.write()
		}()
	}
}

// write writes what waits, and what comes meanwhile. The caller has locked mu
// and set writing; write unlocks.
func (o *outbox) write() {
	defer o.endWrite()
	for len(o.queue) > 0 && o.failed == nil {
		batch, conn := o.queue, o.conn
		o.queue, o.spare = o.spare[:0], nil
		if !o.closing {
			conn.SetWriteDeadline(time.Now().Add(writeTimeout))
		}
		o.mu.Unlock()
		_, err := conn.Write(batch)
		o.mu.Lock()
		o.failed = err
		o.share.Release(len(o.queue))
		if cap(batch) <= keptBuffer {
			o.spare = batch
		}
	}
}

// endWrite ends write.
func (o *outbox) endWrite() {
	o.writing = false
	switch {
	case !o.held:
		o.queue, o.spare = nil, nil // an idle connection keeps no buffer
	case len(o.queue) == 0:
		o.queue, o.spare = o.spare[:0], nil
	}
	o.share.Release(len(o.queue))
	if o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
	failed := o.failed
	o.mu.Unlock()
	if failed != nil {
		o.broken()
	}
}

// flush returns when all that was sent is written or has failed.
func (o *outbox) flush() {
	o.mu.Lock()
	switch {
	case o.writing:
	case len(o.queue) > 0:
		o.writing = true
		o.write()
		return
	default:
		o.mu.Unlock()
		return
	}
	if o.idle == nil {
		o.idle = make(chan struct{})
	}
	idle := o.idle
	o.mu.Unlock()
	<-idle
}

// hold leaves it to the caller to flush, or gives that back. A caller that sends,
// then waits for the answer, does well to write itself.
func (o *outbox) hold(on bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held = on && !o.closing
	o.start()
	if !o.held && !o.writing {
		o.queue, o.spare = nil, nil
	}
}

// widen lets as much wait as for any client.
func (o *outbox) widen() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.most = maxOutbox
}

// swap continues on another connection, which is over the one before. Nothing
// may be waiting.
func (o *outbox) swap(conn writer, frame framer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.conn, o.frame = conn, frame
}
