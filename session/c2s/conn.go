package c2s

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/auth"
	"rollcall/session/stanza"
)

// closeGrace is how long the peer may take to read the stream's end and to
// send its own (RFC 6120, 4.4).
const closeGrace = 2 * time.Second

// A conn is one client's connection. Its goroutine, run, reads and owns every
// field without another note; others may send, end and look at the atomics.
type conn struct {
	srv   *Server
	id    events.ConnID
	raw   net.Conn  // never replaced: anybody may set its deadlines
	meter meter     // on raw
	nc    net.Conn  // what is read and written: the meter, then TLS on it
	wire  transport // set before run
	out   outbox

	from    *address      // guarded by the server's mu; nil: unlimited
	waiting *list.Element // guarded by the server's mu; of its unbound, nil once bound

	loginBy   time.Time
	host      string        // domain of the stream, once opened
	secured   bool          // by TLS, or as good as
	binding   *auth.Channel // of TLS; nil until it is asked for
	exchange  *auth.Exchange
	profile   profile    // of exchange
	attempts  int        // failed authentications
	mechanism string     // of the attempt
	proved    events.Seq // where the table was when the attempt began
	wishes    *wishes    // for when it succeeds, by SASL2
	tls       events.Secured
	// certificate is the one shown in the TLS handshake, if it was full.
	certificate *tls.Certificate

	// Set once, when authenticated, before anybody else can find the conn.
	svc     *session.Service
	account events.JID
	session events.SessionID

	opened atomic.Bool            // a stream header was sent
	authed atomic.Bool            // svc, account and session are set
	client atomic.Pointer[client] // once bound
	ending atomic.Pointer[ending] // once it is to end
	// farewell is an answer that goes out with the stream's end, which it tells of.
	farewell atomic.Pointer[[]byte]
	read     chan struct{} // closed when nothing more is read and handled
}

func newConn(s *Server, raw net.Conn) *conn {
	c := &conn{
		srv: s, id: events.NewID(time.Now()), raw: raw,
		meter: meter{Conn: raw, left: maxStranger, share: share{of: &s.begun}}, read: make(chan struct{}),
	}
	c.nc = &c.meter
	c.out.conn, c.out.broken, c.out.most, c.out.share.of = c.nc, c.broken, strangerOutbox, &s.unread
	return c
}

// prove ends the limits of a connection that nobody knows.
func (c *conn) prove() {
	c.meter.known = rate.NewLimiter(rate.Limit(c.srv.cfg.Rate), c.srv.cfg.Burst)
	c.wire.SetLimits(c.srv.cfg.Limits)
	c.out.widen()
	c.authed.Store(true)
}

func (c *conn) address() string { return c.raw.RemoteAddr().String() }

func (c *conn) hasSession() bool { return c.authed.Load() }

// run is the connection's life.
func (c *conn) run() {
	c.srv.record(c, events.JID{}, events.Connected{Address: c.address()})
	err := c.live()
	close(c.read)
	c.conclude(err)
}

// live says why the connection ends. An end that came from elsewhere has set a
// deadline to wake it, so that each deadline of its own is followed by a look
// for one.
func (c *conn) live() error {
	c.loginBy = time.Now().Add(c.srv.cfg.LoginTimeout)
	if err := c.within(c.loginBy); err != nil {
		return err
	}
	if err := c.handshake(); err != nil {
		return err
	}
	if err := c.negotiate(); err != nil {
		return err
	}
	c.raw.SetDeadline(time.Time{}) // of the login; serve sets its own
	return c.client.Load().serve(c)
}

// within sets the deadline of a part of the login.
func (c *conn) within(deadline time.Time) error {
	c.raw.SetDeadline(deadline)
	if c.ending.Load() != nil {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// send queues elements for the client. A client that does not keep up is ended.
func (c *conn) send(elements ...[]byte) bool {
	sent, full := c.out.send(elements...)
	if full {
		c.end(ending{
			err:    &stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "the client reads too slowly"},
			reason: events.ReasonOverload,
		})
	}
	return sent
}

// end makes the connection end: the client is told, and run is woken to
// conclude. It does not wait.
func (c *conn) end(e ending) {
	if !c.ending.CompareAndSwap(nil, &e) {
		return
	}
	c.sayEnd(e)
	c.raw.SetReadDeadline(time.Now())
}

// broken ends a connection that takes nothing any more, which reading from it
// may never tell.
func (c *conn) broken() { c.end(ending{reason: events.ReasonConnectionLost}) }

// sayEnd writes the last of the stream: an error and its end tag (RFC 6120, 4.4).
// A stranger whose stream was not opened yet is told nothing. After the login,
// when the client's new stream is to come, ours is opened for it (4.9.1.2).
func (c *conn) sayEnd(e ending) {
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
	if e.err != nil {
		last = append(last, e.err.AppendTo(nil))
	}
	c.out.finish(append(last, []byte(c.wire.end()))...)
}

// conclude ends the connection for the reason err, or for the one that another
// goroutine gave before: what is left is written and the log learns of it. The
// log comes before the peer's own end is waited for, which takes up to
// closeGrace: whoever watches the session is told at once.
func (c *conn) conclude(err error) {
	e := endingFor(err)
	c.ending.CompareAndSwap(nil, &e)
	e = *c.ending.Load()
	c.sayEnd(e) // again, if the other goroutine has got to it
	switch cl := c.client.Load(); {
	case !c.authed.Load():
		c.srv.record(c, events.JID{}, events.Disconnected{Reason: e.reason})
	case cl != nil:
		cl.lose(c, e)
	case !e.logged:
		c.svc.End(context.Background(), c.account, c.id, session.Close{Session: c.session, Reason: e.reason, Text: e.text})
	}
	c.srv.hub.drop(c)
	c.out.flush()
	c.wire.close(e.err != nil)
}
