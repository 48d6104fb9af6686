package bus

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"rollcall/bus/commit"
	"rollcall/events"
)

// requests sends messages and waits for their answers. It differs from
// nats.Conn.Request in that a lost connection ends the wait at once, and in
// that it can tell a message that was never sent from one that wasn't answered.
type requests struct {
	b      *Bus
	prefix string

	mu    sync.Mutex
	last  uint64           // owned by mu; number of the newest call
	calls map[uint64]*call // owned by mu; those that wait
}

// A call is used again after its answer was taken.
type call struct {
	id     uint64
	group  *commit.Group[waiter] // waits for a sync after an acknowledgement; nil: for nothing
	ack    *nats.Msg             // that waits for the sync
	answer chan answer
	timer  *time.Timer
}

// An answer is one, or an error if the sync after it failed.
type answer struct {
	msg *nats.Msg
	err error
}

var callPool = sync.Pool{New: func() any {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &call{answer: make(chan answer, 1), timer: t}
}}

// newRequests subscribes once for the answers to all calls; a subscription for each
// would cost the server more than the call.
func newRequests(b *Bus) (*requests, error) {
	r := &requests{b: b, prefix: b.nc.NewInbox() + ".", calls: make(map[uint64]*call)}
	sub, err := b.nc.Subscribe(r.prefix+"*", r.receive)
	if err != nil {
		return nil, err
	}
	return r, sub.SetPendingLimits(-1, -1) // bounded by the calls that wait
}

// receive hands an answer to its call; that of a late one is gone.
func (r *requests) receive(m *nats.Msg) {
	id, err := strconv.ParseUint(m.Subject[len(r.prefix):], 10, 64)
	if err != nil {
		return
	}
	r.mu.Lock()
	c := r.calls[id]
	delete(r.calls, id)
	r.mu.Unlock()
	if c != nil {
		c.take(m)
	}
}

// take hands over an answer, after a sync if it says that something is stored.
func (c *call) take(m *nats.Msg) {
	if c.group != nil {
		if _, err := parseAck(m); err == nil {
			c.ack = m
			c.group.Add(c)
			return
		}
	}
	c.answer <- answer{msg: m}
}

func (c *call) synced(err error) { c.answer <- answer{c.ack, err} }

// send publishes m and returns the call to wait on. An error means that m was
// not sent.
func (r *requests) send(m *nats.Msg) (*call, error) { return r.sendThen(m, nil) }

// sendThen is send of what the group is to sync once it is acknowledged, if there is
// a group.
func (r *requests) sendThen(m *nats.Msg, group *commit.Group[waiter]) (*call, error) {
	c := callPool.Get().(*call)
	c.group, c.ack = group, nil
	r.mu.Lock()
	r.last++
	c.id = r.last
	r.calls[c.id] = c
	r.mu.Unlock()
	m.Reply = r.prefix + strconv.FormatUint(c.id, 10)
	if err := r.b.nc.PublishMsg(m); err != nil {
		r.forget(c)
		return nil, notSent(err)
	}
	return c, nil
}

// wait returns the answer, or an error that wraps events.ErrUnresolved. It may
// be called once for each call. The link must have been looked at before the
// message was sent.
func (r *requests) wait(ctx context.Context, c *call, linkChanged <-chan struct{}) (*nats.Msg, error) {
	c.timer.Reset(r.b.cfg.AttemptTimeout)
	defer c.timer.Stop()
	var err error
	select {
	case a := <-c.answer:
		callPool.Put(c)
		if a.err != nil {
			return nil, fmt.Errorf("%w: %w", events.ErrUnresolved, a.err)
		}
		return a.msg, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-c.timer.C:
		err = fmt.Errorf("no answer within %s", r.b.cfg.AttemptTimeout)
	case <-linkChanged:
		err = nats.ErrDisconnected
	}
	r.forget(c)
	return nil, fmt.Errorf("%w: %w", events.ErrUnresolved, err)
}

// forget gives up a call. Its answer may be under way, so it isn't used again.
func (r *requests) forget(c *call) {
	r.mu.Lock()
	delete(r.calls, c.id)
	r.mu.Unlock()
}

// do sends m and waits for the answer. With a context that has ended nothing is
// sent: the answer might still come first.
func (r *requests) do(ctx context.Context, m *nats.Msg) (*nats.Msg, error) {
	return r.doThen(ctx, m, nil)
}

// doThen is do of what the group is to sync, if there is a group.
func (r *requests) doThen(ctx context.Context, m *nats.Msg, group *commit.Group[waiter]) (*nats.Msg, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	up, changed := r.b.link()
	if !up {
		return nil, fmt.Errorf("%w: not connected", events.ErrUnavailable)
	}
	c, err := r.sendThen(m, group)
	if err != nil {
		return nil, err
	}
	return r.wait(ctx, c, changed)
}
