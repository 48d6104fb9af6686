package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/rollcall-xmpp/rollcall/events"
)

// TLS handshakes: how many at once, how large, how long. Some clients show the
// certificate to their user in the middle of one and wait until it is read.

// readingTime is what a handshake may take from when the certificate is shown. A login
// has all of its own time again afterwards.
const readingTime = 3 * time.Minute

// maxHandshake is the part that a handshake may have of all that a stranger may
// send. It has 2 KB, and its messages wait in memory until they are complete.
const maxHandshake = 16 << 10

// A handshakeError is why one failed, which the peer can't be told in XML (RFC
// 6120, 5.4.3.2), and so is said in the log.
type handshakeError struct{ error }

func (e handshakeError) Error() string { return "TLS handshake: " + e.error.Error() }
func (e handshakeError) Unwrap() error { return e.error }

// ending tells a peer that went away from one that broke it off: the alert that
// says why is an error of TLS.
func (e handshakeError) ending() Ending {
	var op *net.OpError
	switch {
	case errors.Is(e, os.ErrDeadlineExceeded):
		return Ending{Reason: events.ReasonTimeout, Text: "TLS handshake: not completed in time"}
	case errors.Is(e, io.EOF), errors.Is(e, io.ErrClosedPipe), errors.As(e, &op) && (op.Op == "read" || op.Op == "write"):
		return Ending{Reason: events.ReasonConnectionLost, Text: "TLS handshake: the connection was lost"}
	}
	return Ending{Reason: events.ReasonError, Text: e.Error()}
}

// newPlaces returns the places for handshakes at work. A handshake takes the
// processor a hundred times as long as a stanza, and thousands may come at once;
// so there is one place less than there are processors, and a stanza does not
// wait for all of them.
func newPlaces() *semaphore.Weighted {
	return semaphore.NewWeighted(int64(max(1, runtime.GOMAXPROCS(0)-1)))
}

// A handshake is one that is under way; it belongs to whoever reads. It has a place
// from when something was read until it writes or reads again. One that waits for
// its peer has none, so that half-open handshakes hold up nobody. Places are given
// in the order in which they are asked for.
type handshake struct {
	places *semaphore.Weighted
	until  time.Time
	inside bool
}

// enter waits for a place, until the handshake has to be complete.
func (h *handshake) enter() error {
	if !h.places.TryAcquire(1) {
		ctx, cancel := context.WithDeadline(context.Background(), h.until)
		defer cancel()
		if err := h.places.Acquire(ctx, 1); err != nil {
			return err
		}
	}
	h.inside = true
	return nil
}

// leave gives the place back, if there is one.
func (h *handshake) leave() {
	if h != nil && h.inside {
		h.inside = false
		h.places.Release(1)
	}
}

// shake completes TLS within the limits of a handshake. The caller has set a
// deadline.
func (c *Conn) shake(t *tls.Conn, until time.Time) error {
	m := &c.meter
	spare := max(m.left-maxHandshake, 0)
	m.left -= spare
	m.handshake = &handshake{places: c.srv.places, until: until}
	// This context never ends: one that could would cost a goroutine.
	err := t.HandshakeContext(context.WithValue(context.Background(), shaken{}, c))
	m.handshake.leave()
	m.handshake = nil
	m.left += spare
	if err != nil {
		return handshakeError{err}
	}
	return nil
}

// show notes the certificate that a peer is shown, and gives its user the time to read it.
func (c *Conn) show(cert *tls.Certificate) {
	c.shown = cert
	until := time.Now().Add(readingTime)
	if c.meter.handshake != nil {
		c.meter.handshake.until = until
	}
	if err := c.within(until); err != nil {
		c.raw.SetDeadline(time.Now()) // it is to end
	}
}

// A tlsConn is a connection of HTTP's that completes its handshake when it is read
// for the first time.
type tlsConn struct {
	*tls.Conn
	http  *httpConn
	until time.Time // for the handshake
	once  sync.Once
	err   error // of the handshake
}

// Read completes the handshake within the limits of one (shake); net/http, which
// reads first, knows nothing of it.
func (c *tlsConn) Read(b []byte) (int, error) {
	c.once.Do(func() {
		c.http.SetDeadline(c.until)
		if c.err = c.http.stream.shake(c.Conn, c.until); c.err != nil {
			c.http.stream.lost(EndingFor(c.err))
		}
		c.http.SetDeadline(time.Now().Add(requestTime)) // net/http's was counted from the beginning
	})
	if c.err != nil {
		return 0, c.err
	}
	return c.Conn.Read(b)
}
