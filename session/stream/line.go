package stream

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"sync"
)

// Sizes of a WebSocket's buffers, in bytes. net/http's own have 4 KiB each, and
// most connections are idle.
const (
	lineReader = 1 << 10
	lineWriter = 16 // a frame's header
	// maxBatch is about as much as is written at once.
	maxBatch = 16 << 10
)

// A line is the connection below a WebSocket. It puts the frames of a batch
// together, for which it has a buffer only meanwhile.
type line struct {
	net.Conn
	mu    sync.Mutex
	batch *bytes.Buffer // guarded; nil: frames are written as they come
}

// begin begins a batch, which flush ends.
func (l *line) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.batch = messages.Get().(*bytes.Buffer)
}

// flush writes the batch in one piece and gives its buffer back.
func (l *line) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() {
		l.batch.Reset()
		messages.Put(l.batch)
		l.batch = nil
	}()
	_, err := l.Conn.Write(l.batch.Bytes())
	return err
}

// Write adds to the batch, up to maxBatch, or writes: pings and their answers come
// without one.
func (l *line) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.batch == nil {
		return l.Conn.Write(b)
	}
	if l.batch.Len()+len(b) > maxBatch {
		if _, err := l.batch.WriteTo(l.Conn); err != nil {
			return 0, err
		}
	}
	if len(b) > maxBatch {
		return l.Conn.Write(b)
	}
	return l.batch.Write(b)
}

// A hijacker hands a request's connection over as a line, with small buffers.
type hijacker struct {
	http.ResponseWriter
	line *line // once hijacked
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.line = &line{Conn: nc}
	if rw.Reader.Buffered() == 0 { // otherwise the client hasn't waited for the answer
		rw.Reader = bufio.NewReaderSize(h.line, lineReader)
	}
	rw.Writer = bufio.NewWriterSize(h.line, lineWriter)
	return h.line, rw, nil
}
