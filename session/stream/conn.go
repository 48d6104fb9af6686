package stream

import (
	"container/list"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

const (
	// closeGrace is how long the peer may take to read the stream's end and to
	// send its own (RFC 6120, 4.4).
	closeGrace = 2 * time.Second
	// idleAfter is how long a bound peer may be silent before it is sent white
	// space or a ping, so that a dead connection is noticed (RFC 6120, 4.6.1).
	idleAfter = 5 * time.Minute
)

// A Conn is one peer's connection and the stream on it. Its handler's
// goroutine reads, and owns every field without another note; others may send,
// end and look at the atomics.
//
// Until MarkBound the two sides take turns: all that is sent goes out, in one
// piece, when the handler asks for the next element. Afterwards it goes out at
// once.
type Conn struct {
	srv   *Server
	id    events.ConnID
	via   Transport
	raw   net.Conn  // never replaced: anybody may set its deadlines
	meter meter     // on raw
	nc    net.Conn  // what is read and written: the meter, then TLS on it
	wire  transport // set before run
	out   outbox

	peer    netip.Addr    // guarded by the server's mu; zero while a proxy has not said whose it is
	from    *address      // guarded by the server's mu; nil: unlimited
	waiting *list.Element // guarded by the server's mu; of its unbound, nil once bound

	loginBy  time.Time
	host     string // domain of the stream, once opened
	secured  bool   // by TLS, or as good as
	bound    bool
	turns    bool // what is sent waits for Next
	security events.Secured
	// shown is the certificate that the TLS handshake has shown, if it was full.
	shown *tls.Certificate

	opened atomic.Bool                   // a stream header was sent
	authed atomic.Bool                   // the peer is known
	ending atomic.Pointer[Ending]        // once it is to end
	paused atomic.Pointer[chan struct{}] // while the handler pauses; closed to wake it
	// farewell is an answer that goes out with the stream's end, which it tells of.
	farewell atomic.Pointer[[]byte]
}

func newConn(s *Server, raw net.Conn) *Conn {
	c := &Conn{
		srv: s, id: events.NewConnID(time.Now()), raw: raw, turns: true,
		meter: meter{Conn: raw, left: maxStranger, share: Share{of: &s.begun}},
	}
	c.nc = &c.meter
	c.out.conn, c.out.broken, c.out.most, c.out.share.of, c.out.held = c.nc, c.broken, strangerOutbox, &s.unread, true
	return c
}

// ID tells the connection from all others, in the records of it.
func (c *Conn) ID() events.ConnID { return c.id }

// Address is the peer's with its port, as a trusted proxy has told it if there
// is one.
func (c *Conn) Address() string { return c.raw.RemoteAddr().String() }

// Origin is what counts as the peer's address where something is limited by
// address: one of IPv4, or the /64 of one of IPv6. It is invalid, and nothing is
// limited, for this machine's own and for one that is not of IP.
func (c *Conn) Origin() netip.Prefix { return origin(c.raw.RemoteAddr()) }

// Host is the domain that the peer has asked for, one of the server's; "" before
// its first stream header.
func (c *Conn) Host() string { return c.host }

// IsAuthenticated reports that MarkAuthenticated was called. It is for any
// goroutine.
func (c *Conn) IsAuthenticated() bool { return c.authed.Load() }

// MarkAuthenticated says that the handler knows who the peer is, and ends the
// limits for those whom nobody knows. The fate of the connection is from then
// on the handler's to record.
func (c *Conn) MarkAuthenticated() {
	c.meter.known = rate.NewLimiter(rate.Limit(c.srv.cfg.Rate), c.srv.cfg.Burst)
	c.wire.SetLimits(c.srv.cfg.Limits)
	c.out.widen()
	c.authed.Store(true)
}

// MarkBound says that the login is over: the connection makes room for nobody
// from then on, and the peer may be silent for as long as it likes.
func (c *Conn) MarkBound() {
	c.srv.bound(c)
	c.bound = true
}

// run is the connection's life. The handler is called when TLS is there, if the
// connection begins with it.
func (c *Conn) run() {
	c.srv.cfg.Record(c.id, events.Connected{Address: c.Address()})
	c.loginBy = time.Now().Add(c.srv.cfg.LoginTimeout)
	var e Ending
	if err := c.begin(); err != nil {
		e = EndingFor(err)
	} else {
		e = c.srv.handle(c)
	}
	c.conclude(e)
}

// begin completes a connection that begins with TLS.
func (c *Conn) begin() error {
	if err := c.within(c.loginBy); err != nil {
		return err
	}
	if t, ok := c.nc.(*tls.Conn); ok {
		return c.secure(t)
	}
	return nil
}

// within sets the deadline of a part of the login. An end that came from
// elsewhere has set one to wake the reader, so that each deadline of its own is
// followed by a look for an end.
func (c *Conn) within(deadline time.Time) error {
	c.raw.SetDeadline(deadline)
	if c.ending.Load() != nil {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// Next waits for the peer's next element, which is valid until Next is called
// again. It fails with stanza.ErrStreamEnd at the stream's end, with a
// *stanza.StreamError for an element that must not be sent, with
// os.ErrDeadlineExceeded when the login takes too long or the connection is to
// end, or with an error of the connection: EndingFor knows them all. A bound peer
// that is silent has its connection tried.
func (c *Conn) Next() (*stanza.Element, error) {
	if !c.bound {
		c.out.flush()
		return c.read()
	}
	if c.turns {
		c.turns = false
		c.out.hold(false)
	}
	for {
		c.wire.await(idleAfter)
		if c.ending.Load() != nil {
			return nil, os.ErrDeadlineExceeded // it had set a deadline that is gone now
		}
		el, err := c.read()
		if !errors.Is(err, os.ErrDeadlineExceeded) || c.ending.Load() != nil {
			return el, err
		}
		c.Send([]byte(" "))
	}
}

// read reads an element, which takes the peer over no limit.
func (c *Conn) read() (*stanza.Element, error) {
	el, err := c.wire.Next()
	if err == nil {
		c.meter.complete()
		if !c.meter.over {
			return el, nil
		}
		err = errTooMuch
	}
	if errors.Is(err, errTooMuch) {
		c.srv.stats.limits[LimitRate].Add(1)
	}
	return nil, err
}

// Pause waits until a time, or until the connection is to end, which Next tells. It is
// the handler's, and what waits is a connection like any other: counted, and the first to
// be closed where there are too many that are not bound.
func (c *Conn) Pause(until time.Time) {
	wake := make(chan struct{})
	c.paused.Store(&wake)
	if c.ending.Load() != nil {
		return
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	}
	c.paused.Store(nil)
}

// Send queues elements, which it copies, and reports whether it did: it does not
// once the stream is to end. A peer that does not keep up is ended. It is for any
// goroutine and never waits.
func (c *Conn) Send(elements ...[]byte) bool {
	sent, full := c.out.send(elements...)
	if full {
		c.srv.stats.limits[LimitOutbox].Add(1)
		c.End(Ending{
			Err:    &stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "the client reads too slowly"},
			Reason: events.ReasonOverload,
		})
	}
	return sent
}

// SetFarewell keeps an answer that goes out with the stream's end, ahead of its
// error; nil: none. It is for any goroutine.
func (c *Conn) SetFarewell(answer []byte) {
	if answer == nil {
		c.farewell.Store(nil)
		return
	}
	c.farewell.Store(&answer)
}

// End makes the connection end, tells the peer, and wakes the handler from Next.
// The first end of a connection counts, and is what it returns. It is for any
// goroutine and does not wait.
func (c *Conn) End(e Ending) Ending {
	if !c.ending.CompareAndSwap(nil, &e) {
		return *c.ending.Load()
	}
	c.sayEnd(e)
	c.wake()
	return e
}

// BeginEnd is End, but leaves what the peer is told to the handler: the stream's end is
// written when that returns, and until then the peer can be sent more, such as how many of the
// elements that it has sent were handled.
func (c *Conn) BeginEnd(e Ending) {
	if c.ending.CompareAndSwap(nil, &e) {
		c.wake()
	}
}

// wake makes the handler notice that the connection is to end.
func (c *Conn) wake() {
	c.raw.SetReadDeadline(time.Now())
	if wake := c.paused.Swap(nil); wake != nil {
		close(*wake)
	}
}

// broken ends a connection that no longer takes anything, which reading from it
// may never tell.
func (c *Conn) broken() { c.End(Ending{Reason: events.ReasonConnectionLost}) }

// sayEnd writes the last of the stream: an error and its end tag (RFC 6120, 4.4).
// A stranger whose stream was not opened yet is told nothing. After the login,
// when the peer's new stream is to come, ours is opened for it (4.9.1.2).
func (c *Conn) sayEnd(e Ending) {
	var last [][]byte
	if !c.opened.Load() {
		if !c.authed.Load() {
			c.out.finish()
			return
		}
		last = append(last, c.header(""))
	}
	if answer := c.farewell.Load(); answer != nil {
		last = append(last, *answer)
	}
	if e.Err != nil {
		last = append(last, e.Err.AppendTo(nil))
	}
	c.out.finish(append(last, []byte(c.wire.end()))...)
}

// conclude ends the connection for the reason that the handler gave, or the one
// that another goroutine gave before: what is left is written.
func (c *Conn) conclude(e Ending) {
	e = c.End(e)
	c.sayEnd(e) // again, if the other goroutine has got to it
	if !c.authed.Load() && !e.Recorded {
		c.disconnected(e)
	}
	c.out.flush()
	c.wire.close(e.Err != nil)
}

// disconnected records the end of a connection that was not authenticated.
func (c *Conn) disconnected(e Ending) {
	c.srv.cfg.Record(c.id, events.Disconnected{Reason: e.Reason, Text: e.Text, Address: c.Address()})
}

// lost records the end of one that goes without its stream having begun, for the
// reason e unless it was ended before.
func (c *Conn) lost(e Ending) {
	c.ending.CompareAndSwap(nil, &e)
	c.disconnected(*c.ending.Load())
}
