package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session/connector"
)

// The connector's side of draining. While it is drained its listeners are closed, which every
// client and every balancer understands: they go elsewhere. All else goes on, and it says in its
// lease that it is drained. That is kept nowhere else: a process that is started again takes
// clients.

// A drain is whether a connector is drained, and what it is ordered.
type drain struct {
	orders chan drainCall
	state  atomic.Pointer[ask.Drain] // nil: it is not drained; written by admit's goroutine
	lease  atomic.Pointer[bus.Lease] // the newest one
}

// A drainCall is an order that somebody waits for.
type drainCall struct {
	ask.DrainOrder
	ctx  context.Context
	done chan error // has room for the answer
}

// acquire makes an attempt to get a lease, which says whether the connector is drained.
func (c *xmppConnector) acquire(ctx context.Context) (connector.Lease, error) {
	request := c.lease
	var err error
	if request.Info, err = c.info(); err != nil {
		return nil, err
	}
	lease, err := c.bus.Leases().Acquire(ctx, request)
	if err != nil {
		return nil, err
	}
	c.drain.lease.Store(lease)
	return lease, nil
}

// info is what the lease tells.
func (c *xmppConnector) info() ([]byte, error) {
	told := c.told
	told.Drain = c.drain.state.Load()
	return json.Marshal(told)
}

// admit lets clients come until ctx ends, but for the times in which the connector is drained.
func (c *xmppConnector) admit(ctx context.Context) error {
	for {
		begun, err := c.serveUntilDrained(ctx)
		if !begun || err != nil {
			return err
		}
		c.log.Warn("this connector is drained: it takes no clients, and sends away those that it has", "until", c.drain.state.Load().Until)
		if !c.sendAway(ctx) {
			return nil
		}
		c.log.Warn("clients may come again")
	}
}

// serveUntilDrained serves the listeners until ctx ends, or until it is ordered to drain, which
// it reports. Then they are closed.
func (c *xmppConnector) serveUntilDrained(ctx context.Context) (begun bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	c.listeners.serve(ctx, g, c.server)
	var call drainCall
	g.Go(func() error {
		defer stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case call = <-c.drain.orders:
			}
			if call.End {
				call.done <- ask.ErrNotDraining
				continue
			}
			if err := c.beginDrain(call); err != nil {
				call.done <- err
				continue
			}
			begun = true
			return nil
		}
	})
	err = g.Wait()
	if begun {
		call.done <- err // nobody is let in from now on
	}
	return begun, err
}

// sendAway sends the clients away, and keeps others out, until ctx ends or it is ordered to let
// them come, which it reports.
func (c *xmppConnector) sendAway(ctx context.Context) (again bool) {
	for {
		sending, stop := context.WithCancel(ctx)
		var side sync.WaitGroup
		side.Go(func() { c.sendAwayEvenly(sending) })
		call, ended := c.nextOrder(ctx)
		stop()
		side.Wait()
		if call == nil || ended {
			return ended
		}
		call.done <- nil // those that are left have another time to go
	}
}

func (c *xmppConnector) sendAwayEvenly(ctx context.Context) {
	now := c.drain.state.Load()
	until, err := time.Parse(time.RFC3339, now.Until)
	if err != nil {
		panic(err) // it is of our making
	}
	if err := c.server.Drain(ctx, max(time.Until(until), 0), now.By); err == nil {
		c.log.Warn("drained: no client is left; stop the process, or let clients come again", "connector", c.cfg.Name)
	}
}

// nextOrder waits for an order that changes something, and carries it out as far as clients
// don't matter: nil if ctx ends before. ended reports that clients may come again.
func (c *xmppConnector) nextOrder(ctx context.Context) (call *drainCall, ended bool) {
	for {
		var got drainCall
		select {
		case <-ctx.Done():
			return nil, false
		case got = <-c.drain.orders:
		}
		change := c.beginDrain
		if got.End {
			change = c.endDrain
		}
		if err := change(got); err != nil {
			got.done <- err
			continue
		}
		if got.End {
			got.done <- nil
		}
		return &got, got.End
	}
}

// beginDrain says in the lease that the connector is drained, and only then makes sure that
// another takes its clients: of two that are to be drained at once neither takes the other for
// that.
func (c *xmppConnector) beginDrain(call drainCall) error {
	before := c.drain.state.Load()
	now := time.Now()
	state := &ask.Drain{
		Since: query.Timestamp(now.UnixNano()), Until: now.Add(call.Over).UTC().Format(time.RFC3339), Sessions: c.server.Sessions(), By: call.By,
	}
	if before != nil {
		state.Since, state.Sessions = before.Since, before.Sessions
	}
	err := c.tellDrain(call.ctx, state)
	if err == nil && !call.Force {
		err = c.othersTake(call.ctx)
	}
	if err != nil {
		c.tellDrain(context.WithoutCancel(call.ctx), before)
		return err
	}
	c.monitor.health.SetDrained(fmt.Sprintf("drained since %s; rollcall drain %s --undo lets clients come again", state.Since, c.cfg.Name))
	return nil
}

// endDrain opens the listeners again.
func (c *xmppConnector) endDrain(call drainCall) error {
	if err := c.listeners.reopen(); err != nil {
		return fmt.Errorf("it stays drained until it is started again: %w", err)
	}
	c.monitor.health.SetDrained("")
	if err := c.tellDrain(call.ctx, nil); err != nil {
		c.log.Warn("the lease still says that this connector is drained", "error", err)
	}
	return nil
}

// othersTake fails with ask.ErrOnlyConnector if clients would have nowhere to go.
func (c *xmppConnector) othersTake(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	unserved, err := ask.Unserved(ctx, c.bus.Leases(), c.cfg.Name, c.cfg.Domains)
	if err != nil {
		return err
	}
	if len(unserved) > 0 {
		return fmt.Errorf("%w of %s", ask.ErrOnlyConnector, andMore(unserved))
	}
	return nil
}

// andMore are domains, of which there may be many.
func andMore(domains []string) string {
	if len(domains) > 1 {
		return fmt.Sprintf("%s and %s more", domains[0], plural(len(domains)-1, "domain"))
	}
	return domains[0]
}

// tellDrain makes a state known, to this process and in the lease. A lease that can't be told has it
// with the next renewal.
func (c *xmppConnector) tellDrain(ctx context.Context, state *ask.Drain) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	c.drain.state.Store(state)
	info, err := c.info()
	if err != nil {
		return err
	}
	lease := c.drain.lease.Load()
	if lease == nil {
		return events.ErrLeaseLost
	}
	return lease.Tell(ctx, info)
}
