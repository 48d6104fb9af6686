package session_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A client logs in again and again, with dice of its own, and remembers what it
// was told. All are of one account: accounts have nothing in common that could
// go wrong, and would only meet less often.
type client struct {
	s       *sim
	name    string
	random  *rand.Rand
	counter int

	acked []ack
	gone  []events.SessionID // of which it was told that they are closed
	ended []held             // whose end it asked for
	kept  []held             // whose connection is still there
	wait  *held              // that it may resume
}

// An ack is an event that was acknowledged.
type ack struct {
	seq     events.Seq
	cause   events.ConnID
	session events.SessionID
}

// held is a session as one connection has it.
type held struct {
	session events.SessionID
	conn    events.ConnID
	node    *simNode
}

func newClient(s *sim, i int) *client {
	return &client{s: s, name: fmt.Sprintf("u%d", i), random: rand.New(rand.NewPCG(s.seed, uint64(i+2)))}
}

// fresh makes a name for one more session or connection.
func (c *client) fresh(letter string) string {
	c.counter++
	return fmt.Sprintf("%s%s.%d", letter, c.name, c.counter)
}

func (c *client) live() {
	const logins = 8
	for range logins {
		c.s.turn(c.s.nodes[0], c.name)
		alive := c.s.alive()
		c.login(held{id(c.fresh("s")), connID(c.fresh("k")), alive[c.random.IntN(len(alive))]})
	}
}

// login is one session from its authentication to its end.
func (c *client) login(h held) {
	if err := c.do(h, h.conn, session.Authenticate{Session: h.session}); err != nil {
		if errors.Is(err, events.ErrUnresolved) {
			c.end(h, session.Close{Session: h.session, Reason: events.ReasonUnavailable})
		}
		return
	}
	if c.wait != nil && c.random.IntN(3) > 0 {
		if done := c.resume(&h); done {
			return
		}
	} else if !c.goOn(h, c.do(h, h.conn, session.Bind{
		Session: h.session, Resource: []string{"a", "b", ""}[c.random.IntN(3)], Generated: c.name + fmt.Sprint(c.counter),
		Conflict: session.Conflict(c.random.IntN(3)), Limit: c.random.IntN(4),
	})) {
		return
	}
	for range c.random.IntN(6) {
		if c.random.IntN(3) == 0 {
			c.refresh(h)
		}
		if !c.goOn(h, c.do(h, connID(c.fresh("e")), c.anything(h.session))) {
			return
		}
	}
	c.leave(h)
}

// resume reports that this is the end of the login; otherwise h is the session
// that was resumed.
func (c *client) resume(h *held) (done bool) {
	prev := *c.wait
	c.wait = nil
	err := c.do(*h, h.conn, session.Resume{Session: h.session, Previous: prev.session, TokenHash: nameOf(prev.session)})
	if err == nil {
		h.session = prev.session
		return false
	}
	if !errors.Is(err, session.ErrNotResumable) && !errors.Is(err, session.ErrGone) {
		// The log failed in the middle of it; it may be ours now.
		c.end(held{prev.session, h.conn, h.node}, session.Detach{Session: prev.session})
	}
	c.end(*h, session.Close{Session: h.session, Reason: events.ReasonError})
	return true
}

// refresh lets the client's connector repeat the sessions that it holds, as its
// table has them. Another writer may be faster.
func (c *client) refresh(h held) {
	c.do(h, connID(c.fresh("e")), session.Refresh{Holder: h.node.connector, Begun: math.MaxInt64, Account: h.node.table.Account(alice)})
}

func (c *client) anything(s events.SessionID) session.Command {
	switch c.random.IntN(6) {
	case 0:
		return session.RequestRoster{Session: s}
	case 1:
		return session.BecomeUnavailable{Session: s}
	case 2:
		return session.SwitchCarbons{Session: s, On: c.random.IntN(2) == 0}
	case 3:
		return session.EnableStreamManagement{Session: s, Resumable: true, Max: 1 << 20, TokenHash: nameOf(s)}
	}
	return session.BecomeAvailable{Session: s, Priority: int8(c.random.IntN(3) - 1)}
}

// goOn reports that the stream lives, and ends it if it doesn't.
func (c *client) goOn(h held, err error) bool {
	switch {
	case err == nil, errors.Is(err, session.ErrAlreadyManaged):
		return true
	case errors.Is(err, session.ErrGone), errors.Is(err, session.ErrFenced):
		return false
	}
	c.end(h, session.Close{Session: h.session, Reason: events.ReasonError})
	return false
}

// leave is what becomes of a session that went well.
func (c *client) leave(h held) {
	switch c.random.IntN(5) {
	case 0:
		c.kept = append(c.kept, h)
	case 1, 2:
		c.end(h, session.Detach{Session: h.session, Reason: events.ReasonConnectionLost})
		c.wait = &h
	case 3:
		// The connection is lost, but that is noticed only after the client has
		// resumed the session, or tried to.
		c.wait = &h
		c.login(held{id(c.fresh("s")), connID(c.fresh("k")), c.s.alive()[0]})
		c.end(h, session.Detach{Session: h.session, Reason: events.ReasonTimeout})
	default:
		c.end(h, session.Close{Session: h.session, Reason: events.ReasonClient})
	}
}

func (c *client) end(h held, command session.Command) {
	c.ended = append(c.ended, h)
	c.s.turn(c.s.nodes[0], c.name)
	ctx, stop := c.s.deadline()
	defer stop()
	h.node.service.End(ctx, alice, h.conn, command)
}

// do carries a command out, and notes what came of it.
func (c *client) do(h held, cause events.ConnID, command session.Command) error {
	c.s.turn(c.s.nodes[0], c.name)
	ctx, stop := c.s.deadline()
	defer stop()
	_, pos, err := h.node.service.Do(ctx, alice, cause, command)
	switch {
	case err == nil && pos.Seq != 0:
		c.acked = append(c.acked, ack{pos.Seq, cause, h.session})
	case errors.Is(err, session.ErrGone):
		c.gone = append(c.gone, h.session)
	}
	return err
}
