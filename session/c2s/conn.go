package c2s

import (
	"context"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// A conn is a stream that logs in, and is then a client's. Its goroutine, serve,
// owns every field without another note.
type conn struct {
	*stream.Conn
	srv *Server

	// Set once, when authenticated, before anybody else can find the conn.
	svc     *session.Service
	account events.JID
	session events.SessionID
	role    *roles.Role // that it logged in with

	client atomic.Pointer[client] // once bound
	read   chan struct{}          // closed when nothing more is read and handled

	parting atomic.Bool // it ends as Drain ends connections
}

// serve handles a client's stream from its beginning to its end.
func (s *Server) serve(sc *stream.Conn) stream.Ending {
	c := &conn{Conn: sc, srv: s, read: make(chan struct{})}
	err := c.live()
	close(c.read)
	return c.endSession(endingFor(err))
}

// live says why the stream ends.
func (c *conn) live() error {
	if err := (&login{conn: c}).negotiate(); err != nil {
		return err
	}
	return c.client.Load().serve(c)
}

// endSession ends the session, or has it wait for another connection, for the reason e
// or for the one that another goroutine gave before. The log learns of it before
// the peer's own end is waited for: whoever watches the session is told at once.
func (c *conn) endSession(e stream.Ending) stream.Ending {
	e = c.End(e)
	switch cl := c.client.Load(); {
	case !c.IsAuthenticated():
	case cl != nil:
		if c.parting.Load() {
			cl.tellLast()
		}
		cl.lose(c, e)
	case !e.Recorded:
		c.svc.End(context.Background(), c.account, c.ID(), session.Close{Session: c.session, Reason: e.Reason, Text: e.Text, By: e.By})
	}
	c.srv.hub.removeConn(c)
	return e
}
