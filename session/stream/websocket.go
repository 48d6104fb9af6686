package stream

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// XMPP over WebSocket: RFC 7395. A stream is opened and closed by elements of
// their own, and every element is one text message that declares its namespace.

const (
	// pongTime is how long a silent client may take to answer a ping; then its
	// connection is taken for lost.
	pongTime = 30 * time.Second
	// maxDrained bounds what is read and dropped of a peer that was told that
	// its stream has ended.
	maxDrained = 1 << 20
	// prefixSize is the length of a message's length in the outbox.
	prefixSize = 4
)

// A webSocket is a stream over one. To the outbox it is the connection.
type webSocket struct {
	c      *Conn
	ws     *websocket.Conn
	line   *line         // below ws
	limits stanza.Limits // of an element; Bytes are those of a message
	lang   string        // of the stream, for stanzas that don't say theirs
	rest   io.Reader     // of a message that was refused
	idle   *time.Timer   // runs ping
	after  time.Duration

	mu       sync.Mutex
	deadline time.Time // guarded; of writing
	writing  bool      // guarded
}

// newWebSocket makes ws what the outbox writes to.
func newWebSocket(c *Conn, ws *websocket.Conn, l *line) *webSocket {
	ws.SetReadLimit(-1) // message has one, which gets a stream error
	w := &webSocket{c: c, ws: ws, line: l, limits: forStranger(c.srv.cfg.Limits)}
	c.out.swap(w, w.frame)
	return w
}

// Header reads an <open/> (RFC 7395, 3.4).
func (w *webSocket) Header() (stanza.Header, error) {
	el, err := w.Next()
	if err != nil {
		return stanza.Header{}, err
	}
	if !el.Is(stanza.NSFraming, "open") {
		return stanza.Header{}, &stanza.StreamError{Condition: stanza.StreamInvalidNamespace, Text: "a stream begins with open in " + stanza.NSFraming}
	}
	h := stanza.HeaderOf(el)
	w.lang = strings.Clone(h.Lang)
	return h, nil
}

// Next reads an element. A <close/> is the stream's end (3.6); a stream that
// ends without one is broken off.
func (w *webSocket) Next() (*stanza.Element, error) {
	el, err := w.message()
	if err == nil && el.Is(stanza.NSFraming, "close") {
		return nil, stanza.ErrStreamEnd
	}
	return el, err
}

// messages are the buffers of messages being read.
var messages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// message reads one message. It waits without a context: one that ended would
// close the connection, and the peer is to hear why. Deadlines are the
// connection's.
func (w *webSocket) message() (*stanza.Element, error) {
	kind, r, err := w.ws.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	if kind != websocket.MessageText {
		w.rest = r
		return nil, &stanza.StreamError{Condition: stanza.StreamBadFormat, Text: "messages must be text"}
	}
	b := messages.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= keptBuffer {
			b.Reset()
			messages.Put(b)
		}
	}()
	if _, err := b.ReadFrom(io.LimitReader(r, int64(w.limits.Bytes)+1)); err != nil {
		return nil, err
	}
	if b.Len() > w.limits.Bytes {
		w.rest = r
		return nil, &stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "the message is too large"}
	}
	return w.parse(b.Bytes())
}

// parse reads a message as one element (RFC 7395, 3.3.3). An XML declaration
// says nothing new and is passed over.
func (w *webSocket) parse(b []byte) (*stanza.Element, error) {
	if len(b) == 0 || b[0] != '<' {
		return nil, &stanza.StreamError{Condition: stanza.StreamBadFormat, Text: "a message must begin with <"}
	}
	if bytes.HasPrefix(b, []byte("<?xml ")) {
		_, b, _ = bytes.Cut(b, []byte("?>"))
	}
	el, err := stanza.ParseMessage(b, w.lang, w.limits)
	if err != nil && !errors.As(err, new(*stanza.StreamError)) {
		return nil, &stanza.StreamError{Condition: stanza.StreamNotWellFormed, Text: "the element is not complete"}
	}
	return el, err
}

// Restart has nothing to do: what begins the new stream is a message too.
func (*webSocket) Restart() {}

func (w *webSocket) SetLimits(l stanza.Limits) { w.limits = l }

// await has the client pinged when it is silent: white space is no message
// (3.8). A deadline won't do, for one that comes within a frame breaks the
// connection.
func (w *webSocket) await(idle time.Duration) {
	w.c.raw.SetReadDeadline(time.Time{})
	if w.idle == nil {
		w.after = idle
		w.idle = time.AfterFunc(idle, w.ping)
		return
	}
	w.idle.Reset(idle)
}

// ping is the timer's goroutine. The connection's reads the answer.
func (w *webSocket) ping() {
	ctx, cancel := context.WithTimeout(context.Background(), pongTime)
	defer cancel()
	if w.ws.Ping(ctx) != nil {
		w.ws.CloseNow()
		return
	}
	w.idle.Reset(w.after)
}

// secure has nothing to do: TLS is below HTTP (3.9), and complete.
func (*webSocket) secure(*tls.Conn) {}

func (*webSocket) appendHeader(dst []byte, h stanza.Header) []byte { return stanza.AppendOpen(dst, h) }

func (*webSocket) end() string { return "<close xmlns='" + stanza.NSFraming + "'/>" }

// frame appends an element to the outbox's queue, as a message after its
// length.
func (w *webSocket) frame(dst, element []byte) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, prefixSize)...)
	dst = stanza.AppendStandalone(dst, element)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-prefixSize))
	return dst
}

// Write writes a batch of the outbox's.
func (w *webSocket) Write(batch []byte) (int, error) {
	w.within(true)
	defer w.within(false)
	w.line.begin()
	for rest := batch; len(rest) > 0; {
		end := prefixSize + binary.BigEndian.Uint32(rest)
		if err := w.ws.Write(context.Background(), websocket.MessageText, rest[prefixSize:end]); err != nil {
			w.line.flush()
			return len(batch) - len(rest), err
		}
		rest = rest[end:]
	}
	return len(batch), w.line.flush()
}

// within has the deadline apply to a batch alone: pings and their answers are
// written too, and bounded by themselves.
func (w *webSocket) within(writing bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing = writing
	if writing {
		w.c.raw.SetWriteDeadline(w.deadline)
	} else {
		w.c.raw.SetWriteDeadline(time.Time{})
	}
}

// SetWriteDeadline implements writer: it is for batches, see within.
func (w *webSocket) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = t
	if !w.writing {
		return nil
	}
	return w.c.raw.SetWriteDeadline(t)
}

// close waits for the peer: for its <close/> if ours came first, otherwise for its
// closing of the WebSocket, which is for the side that began (3.6). It closes
// the WebSocket if the peer has not.
func (w *webSocket) close(bool) {
	if w.idle != nil {
		w.idle.Stop()
	}
	w.c.raw.SetReadDeadline(time.Now().Add(closeGrace / 2))
	w.drain()
	w.c.raw.SetDeadline(time.Now().Add(closeGrace / 2))
	w.ws.Close(websocket.StatusNormalClosure, "")
	w.c.nc.Close()
}

// drain drops messages up to a <close/> or the connection's end.
func (w *webSocket) drain() {
	if w.rest != nil {
		if n, _ := io.CopyN(io.Discard, w.rest, maxDrained); n == maxDrained {
			return
		}
	}
	for left := maxDrained; left > 0; {
		el, err := w.Next()
		switch {
		case err == nil:
			left -= len(el.Raw())
		case errors.As(err, new(*stanza.StreamError)):
			left -= w.limits.Bytes
		default:
			return
		}
	}
}
