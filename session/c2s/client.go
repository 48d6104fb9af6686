package c2s

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/presence"
	"github.com/rollcall-xmpp/rollcall/session/pubsub"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// maxTurn is how long one client's stanzas are handled before others get the
// processor, if they wait for it; that is looked at after every turnCheck of
// them. Go would let a client that never stops sending go on for 10 ms.
const maxTurn, turnCheck = 500 * time.Microsecond, 16

// A client is a bound session that this connector holds. It has a connection,
// or waits for another one (resume.go). The fields that the connection's
// goroutine owns belong to handling stanzas in their order.
type client struct {
	srv     *Server
	svc     *session.Service
	account events.JID
	session events.SessionID
	jid     events.JID
	full    string // jid as text

	role      atomic.Pointer[roles.Role] // what it may do; nil: nothing
	link      atomic.Pointer[conn]       // the connection; nil while detached
	managed   atomic.Pointer[smState]    // nil without stream management
	csi       atomic.Pointer[csiQueue]   // nil while the client is active
	recipient *delivery.Recipient        // of the stanzas that others send
	listener  *pubsub.Listener           // to the items that they publish
	resource  *presence.Resource         // as others see it, and as it sees them
	life      sync.Mutex                 // held by whoever takes the connection away or gives another
	parting   atomic.Bool                // it ends without a connection, as Drain ends those

	// Owned by the connection's goroutine.
	id      events.ConnID   // the connection's; the cause of events
	sender  delivery.Sender // of the stanzas that it sends
	limiter *limiter        // of its changes
}

func newClient(c *conn, jid events.JID, at events.Position) *client {
	cl := &client{
		srv: c.srv, svc: c.svc, account: c.account, session: c.session,
		jid: jid, full: jid.String(), id: c.ID(), sender: delivery.NewSender(c.srv.router, jid, at), limiter: newLimiter(c),
	}
	cl.recipient = delivery.NewRecipient(c.srv.router, cl.session, cl.account, cl.pass)
	send := cl.send
	cl.listener = pubsub.NewListener(c.srv.pubsub, jid, send)
	cl.resource = presence.NewResource(c.srv.presence, cl.session, jid, send)
	cl.link.Store(c)
	cl.role.Store(c.role)
	return cl
}

// send queues a stanza for the client. It reports false if the client can't get
// it, now or later. b is not kept.
func (cl *client) send(b []byte) bool { return cl.pass(delivery.Outgoing{Stanza: b}) }

// pass is send for a stanza that others have sent.
func (cl *client) pass(o delivery.Outgoing) bool {
	if q := cl.csi.Load(); q != nil {
		return q.send(cl, o)
	}
	return cl.write(o)
}

// write is pass for a stanza that is to go out now.
func (cl *client) write(o delivery.Outgoing) bool {
	if m := cl.managed.Load(); m != nil {
		return m.send(cl, o)
	}
	c := cl.link.Load()
	return c != nil && c.Send(o.Stanza)
}

// serve handles what comes on the client's connection until the stream ends,
// and says why it did.
func (cl *client) serve(c *conn) error {
	turn := time.Now()
	for n := 1; ; n++ {
		if n%turnCheck == 0 && time.Since(turn) > maxTurn {
			runtime.Gosched()
			turn = time.Now()
		}
		el, err := c.Next()
		if err != nil {
			return err
		}
		switch el.Space() {
		case stanza.NSStreamMgmt:
			err = cl.manage(c, el)
		case stanza.NSClientState:
			err = cl.clientState(el)
		default:
			err = cl.handle(el)
		}
		if err != nil {
			return err
		}
	}
}

// handle answers one element. An error ends the stream; a fault of one stanza
// only has been answered by an error of that stanza.
func (cl *client) handle(el *stanza.Element) error {
	if !el.IsStanza() {
		return outOfPlace(el)
	}
	if err := cl.checkFrom(el); err != nil {
		return err
	}
	err := cl.dispatch(el)
	cause := stanzaError(err)
	if err != nil && cause == nil {
		return err // and it is not counted: what became of it is not known
	}
	m := cl.managed.Load()
	if m != nil {
		m.tally.handled++
	}
	if cause != nil {
		cl.reply(el, cause)
		if m != nil {
			m.refuse(m.tally.handled - 1)
		}
	}
	return nil
}

// dispatch hands a stanza to the handler of its kind. Whether one of the two
// blocks the other comes first, for it holds of all kinds.
func (cl *client) dispatch(el *stanza.Element) error {
	to, err := el.To()
	if err != nil {
		return err
	}
	if !to.IsZero() {
		cl.srv.router.Reach(cl.sender.After) // whoever gets or answers it knows what came before it (RFC 6120, 10.1)
	}
	if stop, err := cl.resource.Stops(el, to); stop {
		return err
	}
	switch el.Local() {
	case "message":
		if err := cl.mayReach(to, roles.Message); err != nil {
			return unlessError(el, err)
		}
		return cl.sender.Send(el, to)
	case "presence":
		return cl.presence(el, to)
	}
	return cl.iq(el, to)
}

// checkFrom is RFC 6120, 8.1.2.1: a client speaks for nobody else. Which of its
// account's resources it says that it is does not matter, since that is
// overridden: Converse.js errs when it resumes.
func (cl *client) checkFrom(el *stanza.Element) error {
	from, err := el.From()
	if err == nil && (from.IsZero() || from.Bare() == cl.account) {
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
		cl.sender.After = pos
	}
	if errors.Is(err, session.ErrGone) {
		cl.srv.learnEnd(a)
	}
	return a, err
}
