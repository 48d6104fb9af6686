package stream

import (
	"errors"
	"net"
	"time"

	"golang.org/x/time/rate"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// The limits of a peer that is not authenticated. Thousands may do so at once,
// and nobody knows who they are.
const (
	// maxStranger is all of it, in bytes, TLS included. A login has some 2 KB,
	// twice that with TLS.
	maxStranger = 64 << 10
	// strangerBytes and strangerElements are the limits of one element.
	strangerBytes    = 8 << 10
	strangerElements = 128
)

// forStranger is the part of the limits that holds before authentication.
func forStranger(l stanza.Limits) stanza.Limits {
	least := func(limit, most int) int {
		if limit <= 0 {
			return most
		}
		return min(limit, most)
	}
	l.Bytes, l.Elements = least(l.Bytes, strangerBytes), least(l.Elements, strangerElements)
	return l
}

// A meter is a connection that counts what is read from it, white space, frames of
// a WebSocket and TLS included. It belongs to whoever reads. The bytes that take it
// over a limit are still read, so that an element that did can be answered as such;
// the next read fails with errTooMuch.
type meter struct {
	net.Conn
	left  int           // what a stranger may still send; negative: over
	known *rate.Limiter // of a peer that is authenticated; nil: not yet
	over  bool

	// begun is about how much there is of an element that is not complete, of a
	// client; share is that of all clients' together.
	begun int
	share Share

	handshake *handshake // of TLS, while it is under way; nil: none
}

var errTooMuch = &stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "the client sends too much"}

// Read counts before it reads more. Everything that a stranger sends counts
// against one sum; a client has a rate, and a limit for an element that has not
// ended.
func (m *meter) Read(b []byte) (int, error) {
	if m.over {
		return 0, errTooMuch
	}
	m.handshake.leave()
	n, err := m.Conn.Read(b)
	if m.handshake != nil && n > 0 {
		if err := m.handshake.enter(); err != nil {
			return 0, err
		}
	}
	switch {
	case n == 0:
	case m.known != nil:
		m.begun += n
		m.over = !m.known.AllowN(time.Now(), n) || !m.share.Reserve(m.begun)
	default:
		m.left -= n
		m.over = m.left < 0
	}
	return n, err
}

// complete says that an element is, or that none will be.
func (m *meter) complete() {
	m.begun = 0
	m.share.Release(0)
}

func (m *meter) Write(b []byte) (int, error) {
	m.handshake.leave()
	return m.Conn.Write(b)
}

// CloseWrite is that of a TCP connection.
func (m *meter) CloseWrite() error { return closeWrite(m.Conn) }

func closeWrite(nc net.Conn) error {
	if hc, ok := nc.(interface{ CloseWrite() error }); ok {
		return hc.CloseWrite()
	}
	return errors.ErrUnsupported
}
