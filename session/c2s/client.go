package c2s

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/stanza"
)

// idleAfter is how long a client may be silent before it is sent white space,
// so that a dead connection is noticed (RFC 6120, 4.6.1): the write fails.
const idleAfter = 5 * time.Minute

// A client is a bound session that is connected here. What its conn's
// goroutine owns belongs to handling stanzas in their order.
type client struct {
	*conn
	jid  events.JID
	full string // jid as text
	home *account

	after events.Position // owned: the last event of this session that is stored
	// flushed: waiting messages were asked for since it became able to get
	// them. Owned.
	flushed bool
	// interested is guarded by home.mu: roster pushes go out.
	interested bool
	// available is set by Observe alone, at the event's place in the log:
	// presence of others goes out.
	available atomic.Bool
}

func newClient(c *conn, home *account, jid events.JID, at events.Position) *client {
	return &client{conn: c, jid: jid, full: jid.String(), home: home, after: at}
}

// leave takes the client out of every index: nothing more is delivered to it.
func (cl *client) leave() { cl.srv.hub.remove(cl) }

// serve handles the client's stanzas until the stream ends, and says why it
// did.
func (cl *client) serve() error {
	for {
		el, err := cl.next()
		if err != nil {
			return err
		}
		if !cl.rate.AllowN(time.Now(), len(el.Raw())) {
			return &stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: "the client sends too much"}
		}
		if err := cl.handle(el); err != nil {
			return err
		}
	}
}

// next waits for the client's next element. White space is sent to one that is
// silent.
func (cl *client) next() (*stanza.Element, error) {
	for {
		cl.raw.SetReadDeadline(time.Now().Add(idleAfter))
		if cl.ending.Load() != nil {
			return nil, os.ErrDeadlineExceeded // it had set a deadline that is gone now
		}
		el, err := cl.in.Next()
		if !errors.Is(err, os.ErrDeadlineExceeded) || cl.ending.Load() != nil {
			return el, err
		}
		cl.send([]byte(" "))
	}
}

// handle answers one element. An error ends the stream; what concerns one
// stanza only has been answered by an error of that stanza.
func (cl *client) handle(el *stanza.Element) error {
	if !el.IsStanza() {
		return &stanza.StreamError{Condition: stanza.StreamUnsupportedStanzaType}
	}
	if err := cl.checkFrom(el); err != nil {
		return err
	}
	err := cl.dispatch(el)
	if err == nil {
		return nil
	}
	cause := stanzaError(err)
	if cause == nil {
		return err
	}
	cl.reply(el, cause)
	return nil
}

func (cl *client) dispatch(el *stanza.Element) error {
	to, err := el.To()
	if err != nil {
		return err
	}
	m := mail{srv: cl.srv, el: el, from: cl.jid, to: to, after: cl.after, buf: cl.scratch}
	defer func() { cl.keepScratch(m.buf) }()
	switch el.Local() {
	case "message":
		return m.message()
	case "presence":
		return cl.presence(el, &m)
	}
	return cl.iq(el, &m)
}

// checkFrom is RFC 6120, 8.1.2.1: a client speaks for nobody else.
func (cl *client) checkFrom(el *stanza.Element) error {
	from, err := el.From()
	if err == nil && (from.IsZero() || from == cl.jid || from == cl.account) {
		return nil
	}
	return &stanza.StreamError{Condition: stanza.StreamInvalidFrom}
}

// reply answers a stanza of this client with an error.
func (cl *client) reply(el *stanza.Element, cause *stanza.Error) {
	if b := stanza.AppendError(nil, el, cause, stanza.Stamp{To: cl.full}); len(b) > 0 {
		cl.send(b)
	}
}

// do carries out a command of this session.
func (cl *client) do(c session.Command) (*session.Account, error) {
	a, pos, err := cl.svc.Do(context.Background(), cl.account, cl.id, c)
	if pos.Seq != 0 {
		cl.after = pos
	}
	if errors.Is(err, session.ErrGone) {
		cl.learnEnd(a)
	}
	return a, err
}

// keepScratch keeps the buffer of a stanza of ordinary size for the next one.
func (cl *client) keepScratch(b []byte) {
	if cap(b) <= keptBuffer {
		cl.scratch = b[:0]
	}
}
