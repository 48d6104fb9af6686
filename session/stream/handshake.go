package stream

import (
	"context"
	"crypto/tls"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// TLS handshakes: how many at once, how large, how long.

const (
	// maxHandshake is what a handshake may have of what a stranger may send. It
	// has 2 KB, and its messages wait in memory until they are complete.
	maxHandshake = 16 << 10
	// handshakeTime bounds one.
	handshakeTime = 15 * time.Second
)

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

// shake completes TLS within the limits of that. The caller has set a deadline.
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
	return err
}

// A tlsConn is a connection of HTTP's that completes its handshake when it is read
// for the first time.
type tlsConn struct {
	*tls.Conn
	http *httpConn
	once sync.Once
	err  error // of the handshake
}

// Read completes the handshake within the limits of one (shake), which net/http,
// who reads first, knows nothing of.
func (c *tlsConn) Read(b []byte) (int, error) {
	c.once.Do(func() {
		until := time.Now().Add(requestTime)
		c.http.SetDeadline(until) // that of what follows is set when it is read
		c.err = c.http.stream.shake(c.Conn, until)
	})
	if c.err != nil {
		return 0, c.err
	}
	return c.Conn.Read(b)
}
