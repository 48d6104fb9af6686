package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

// requests sends messages and waits for their answers. It differs from
// nats.Conn.Request in that a lost connection ends the wait at once, in that it can
// tell a message that was never sent from one that wasn't answered, and in that many
// may call at the same time: one of those that come together sends for all, and a
// call waits on nothing but its answer. Anything else that may end it, the loss of
// the connection and its time, comes as an answer.
type requests struct {
	b      *Bus
	prefix string
	last   atomic.Uint64 // number of the newest call

	mu      sync.Mutex
	up      bool             // guarded; there is a connection
	calls   map[uint64]*call // guarded; those that wait
	queue   []outgoing       // guarded; what is to be sent
	spare   []outgoing       // guarded; to be the queue after that
	sending bool             // guarded; somebody sends what is in the queue
	turn    uint             // guarded; how often old calls were looked for
	looking bool             // guarded; they will be looked for again
}

// A call is used again after its answer was taken.
type call struct {
	id      uint64
	subject string
	turn    uint      // of requests when it began
	sync    *syncing  // waits for one after an acknowledgement; nil: for nothing
	ack     *nats.Msg // that waits for the sync
	answer  chan answer
}

// An answer is one, or why there is none, as an error of package events.
type answer struct {
	msg *nats.Msg
	err error
}

var callPool = sync.Pool{New: func() any { return &call{answer: make(chan answer, 1)} }}

func newRequests(b *Bus) *requests {
	return &requests{b: b, up: true, calls: make(map[uint64]*call)}
}

// listen subscribes once for the answers to all calls; a subscription for each
// would cost the server more than the call.
func (r *requests) listen() error {
	r.prefix = r.b.nc.NewInbox() + "."
	err := r.b.subscribing(r.prefix+"*", func() error {
		sub, err := r.b.nc.Subscribe(r.prefix+"*", r.receive)
		if err != nil {
			return err
		}
		return sub.SetPendingLimits(-1, -1) // bounded by the calls that wait
	})
	if denied, ok := errors.AsType[*events.DeniedError](err); ok {
		denied.Subject = cmp.Or(r.b.cfg.Inbox, "_INBOX") + ".>"
	}
	return err
}

// receive hands an answer to its call; that of a late one is gone.
func (r *requests) receive(m *nats.Msg) {
	id, err := strconv.ParseUint(m.Subject[len(r.prefix):], 10, 64)
	if err != nil {
		return
	}
	if c := r.claim(id); c != nil {
		c.take(m)
	}
}

// claim takes a call from those that wait. Whoever has it must answer it.
func (r *requests) claim(id uint64) *call {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.calls[id]
	delete(r.calls, id)
	return c
}

// take hands over an answer, after a sync if it says that something is stored.
func (c *call) take(m *nats.Msg) {
	if c.sync != nil {
		if seq, err := parseAck(m); err == nil {
			c.ack = m
			c.sync.await(c, seq, seq)
			return
		}
	}
	c.answer <- answer{msg: m}
}

func (c *call) synced(err error) {
	if err != nil {
		err = fmt.Errorf("%w: %w", events.ErrUnresolved, err)
	}
	c.answer <- answer{c.ack, err}
}

// send sends m and returns the call to wait on. An error means that m was not sent.
// Until there is an answer m's header and data must not be changed.
func (r *requests) send(m *nats.Msg) (*call, error) { return r.sendThen(m, nil) }

// sendThen is send of a message that is to be synced once it is acknowledged, if it
// is.
func (r *requests) sendThen(m *nats.Msg, sync *syncing) (*call, error) {
	c := callPool.Get().(*call)
	c.id, c.subject, c.sync, c.ack = r.last.Add(1), m.Subject, sync, nil
	out := outgoing{c.id, m.Subject, r.prefix + strconv.FormatUint(c.id, 10), m.Header, m.Data}
	r.mu.Lock()
	if !r.up {
		r.mu.Unlock()
		callPool.Put(c)
		return nil, fmt.Errorf("%w: not connected", events.ErrUnavailable)
	}
	c.turn = r.turn
	r.calls[c.id] = c
	r.queue = append(r.queue, out)
	first, alone := !r.sending, len(r.calls) == 1
	r.sending = true
	r.lookLater()
	r.mu.Unlock()
	if first && !alone {
		runtime.Gosched() // let those that were answered with this one send with it
	}
	if first {
		r.sendQueue()
	}
	return c, nil
}

// wait returns the answer, or an error of package events, ErrUnresolved if it is not
// known whether the message has arrived. It may be called once for each call.
func (r *requests) wait(ctx context.Context, c *call) (*nats.Msg, error) {
	select {
	case a := <-c.answer:
		callPool.Put(c)
		return a.msg, a.err
	case <-ctx.Done():
		r.claim(c.id) // its answer may be under way, so it isn't used again
		return nil, fmt.Errorf("%w: %w", events.ErrUnresolved, ctx.Err())
	}
}

// do sends m and waits for the answer. With a context that has ended nothing is
// sent: the answer might still come first.
func (r *requests) do(ctx context.Context, m *nats.Msg) (*nats.Msg, error) {
	return r.doThen(ctx, m, nil)
}

// doThen is do of a message that is to be synced once it is acknowledged, if it is.
func (r *requests) doThen(ctx context.Context, m *nats.Msg, sync *syncing) (*nats.Msg, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	c, err := r.sendThen(m, sync)
	if err != nil {
		return nil, err
	}
	return r.wait(ctx, c)
}

// setConnected ends all waits when the connection is lost.
func (r *requests) setConnected(up bool) {
	var lost map[uint64]*call
	r.mu.Lock()
	r.up = up
	if !up {
		lost, r.calls, r.queue = r.calls, make(map[uint64]*call), nil
	}
	r.mu.Unlock()
	for _, c := range lost {
		c.answer <- answer{err: fmt.Errorf("%w: %w", events.ErrUnresolved, nats.ErrDisconnected)}
	}
}

// deny ends the calls that were sent to a subject.
func (r *requests) deny(subject string, err error) {
	var refused []*call
	r.mu.Lock()
	for id, c := range r.calls {
		if c.subject == subject {
			refused = append(refused, c)
			delete(r.calls, id)
		}
	}
	r.mu.Unlock()
	for _, c := range refused {
		c.answer <- answer{err: err}
	}
}

// Old calls are looked for turns times within the time that one may take.
const turns = 8

// lookLater has old calls looked for while there are calls. r.mu must be held.
func (r *requests) lookLater() {
	if !r.looking && len(r.calls) > 0 {
		r.looking = true
		time.AfterFunc(r.b.cfg.AttemptTimeout/turns, r.endOld)
	}
}

// endOld ends the calls that have waited for too long.
func (r *requests) endOld() {
	var old []*call
	r.mu.Lock()
	r.turn++
	for id, c := range r.calls {
		if r.turn-c.turn > turns {
			old = append(old, c)
			delete(r.calls, id)
		}
	}
	r.looking = false
	r.lookLater()
	r.mu.Unlock()
	for _, c := range old {
		c.answer <- answer{err: fmt.Errorf("%w: no answer within %s", events.ErrUnresolved, r.b.cfg.AttemptTimeout)}
	}
}
