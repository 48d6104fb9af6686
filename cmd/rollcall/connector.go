package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/projector"
	"rollcall/session"
	"rollcall/session/auth"
	"rollcall/session/c2s"
)

// The times of a connector's life.
const (
	// stopTime bounds an orderly stop up to the end of the sessions; with the
	// lease and the server after it, it stays within five seconds.
	stopTime = 3 * time.Second
	// releaseTime bounds giving the lease back.
	releaseTime = 500 * time.Millisecond
	// firstRetry and lastRetry bound the wait between attempts to get a lease.
	firstRetry = 100 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// A connector is the life of an XMPP connector: one incarnation after the
// other, each with a lease.
//
//   - It gets a lease, which makes an incarnation.
//   - It waits until its table has everything that is in the log, and closes
//     there what connectors without a lease left, its own predecessor above
//     all. Only then it serves logins.
//   - While it serves it closes what other connectors leave that die.
//   - It loses the lease when the log is out of reach for too long: then it
//     ends every stream, and begins anew. Or it is stopped: then it ends every
//     session in the log, and gives the lease back.
type connector struct {
	bus         *bus.Bus
	table       *projector.Table
	book        *leaseBook
	credentials *auth.Recent
	server      *c2s.Server
	lease       bus.LeaseRequest
	doors       *doors
	log         *slog.Logger
	ready       func()        // called whenever logins are served from now on
	ended       chan struct{} // has a token when another's lease has ended
	lapsed      bool          // this is not the first lease; owned by run
}

// run serves until ctx ends, and has stopped in order when it returns nil.
func (c *connector) run(ctx context.Context) error {
	lease, err := c.acquire(ctx)
	if lease == nil {
		return err
	}
	// The name is ours: clients may come. All this goes on until the orderly
	// stop is over.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	g, life := errgroup.WithContext(life)
	g.Go(func() error {
		return follow(life, func(ctx context.Context) error { return followCredentials(ctx, c.bus.Accounts(), c.credentials) })
	})
	g.Go(func() error { return follow(life, c.server.FollowRosters) })
	g.Go(func() error { return follow(life, c.server.FollowBlocked) })
	g.Go(func() error { return follow(life, c.server.FollowPublished) })
	c.doors.serve(life, g, c.server)
	g.Go(func() error {
		defer end()
		ctx, cancel := context.WithCancel(ctx)
		defer context.AfterFunc(life, cancel)() // what fails beside it stops it
		defer cancel()
		return c.incarnations(ctx, lease)
	})
	return g.Wait()
}

// follow begins to follow documents as soon as they can be reached; from then on
// interruptions pass by themselves.
func follow(ctx context.Context, documents func(context.Context) error) error {
	for {
		err := unlessOver(ctx, documents(ctx))
		if !errors.Is(err, events.ErrUnavailable) || !wait(ctx, firstRetry) {
			return unlessOver(ctx, err)
		}
	}
}

// incarnations goes from lease to lease until ctx ends.
func (c *connector) incarnations(ctx context.Context, lease *bus.Lease) (err error) {
	for lease != nil {
		err = c.incarnate(ctx, lease)
		if !errors.Is(err, bus.ErrLeaseLost) {
			return err
		}
		c.lapsed = true
		c.log.Warn("lost the lease: every stream is ended, logins are refused", "connector", lease.Incarnation())
		lease, err = c.acquire(ctx)
	}
	return err
}

// acquire gets a lease, however long that takes; nil if ctx ends before. That
// somebody else has the name is an error, for this process would never serve.
func (c *connector) acquire(ctx context.Context) (*bus.Lease, error) {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		lease, err := c.bus.Leases().Acquire(ctx, c.lease)
		switch {
		case err == nil:
			return lease, nil
		case ctx.Err() != nil:
			return nil, nil
		case errors.Is(err, bus.ErrHeld):
			return nil, change("--name", fmt.Errorf("%w; if that was killed, its lease ends within 10 s", err))
		}
		c.log.Warn("no lease yet", "error", err)
		if !wait(ctx, pause) {
			return nil, nil
		}
	}
}

// incarnate is one incarnation, from the lease to its end. It returns
// bus.ErrLeaseLost, or nil if ctx has ended and all is in order.
func (c *connector) incarnate(ctx context.Context, lease *bus.Lease) error {
	svc := session.NewService(session.Config{
		Log: loudLog{c.bus.Log(), c.log}, Accounts: c.table, Connector: lease.Incarnation(), Fenced: lease.Done(),
	})
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	serving, endServing := context.WithCancel(ctx)
	var side sync.WaitGroup
	side.Go(func() {
		defer endServing()
		lease.Run(life) // its error is told by Done
	})
	side.Go(func() { svc.Run(life) })
	unreceive := c.receive(serving, lease)
	if c.takeOver(serving, svc) {
		c.server.Begin(svc)
		c.ready()
		if c.lapsed {
			c.log.Warn("logins are served again", "connector", lease.Incarnation())
		}
		side.Go(func() { c.closeOthers(serving, svc) })
		<-serving.Done()
	}
	// Stopped, or fenced: only who still has the lease may write ends. Who has
	// lost it must not even believe its own table.
	if lease.Valid() {
		c.stop(svc)
		unreceive() // what has come is handled before others take it for lost
		end()
		side.Wait()
		return c.release(lease)
	}
	unreceive()
	c.table.Lost(lease.Incarnation())
	c.server.Suspend()
	end()
	side.Wait()
	return bus.ErrLeaseLost
}

// receive takes parcels for the incarnation, as soon as that can be. It returns
// when it does, or ctx ends. What a process finds that was frozen for longer than
// its lease others have sent elsewhere, so it may not count as handled here.
func (c *connector) receive(ctx context.Context, lease *bus.Lease) (stop func()) {
	deliver := func(parcel []byte, later func() (done func())) {
		if !lease.Valid() {
			later() // and never done
			return
		}
		c.server.Receive(parcel, later)
	}
	for {
		stop, err := c.bus.Courier().Receive(lease.Incarnation(), deliver)
		if err == nil {
			return stop
		}
		c.log.Warn("stanzas of other connectors can't be received yet", "error", err)
		if !wait(ctx, firstRetry) {
			return func() {}
		}
	}
}

// stop ends all sessions in the log and all streams.
func (c *connector) stop(svc *session.Service) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := c.server.Shutdown(ctx); err != nil {
		c.log.Warn("not all clients are gone", "error", err)
	}
	svc.Drain(ctx)
	if n := svc.Pending(); n > 0 {
		c.log.Warn("sessions are left for another connector, or the next start, to close", "sessions", n)
	}
}

// release gives the lease back, so that the name is free at once and survivors
// need not wait for its end. That it can't be is no failure of the stop.
func (c *connector) release(lease *bus.Lease) error {
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	if err := lease.Release(ctx); err != nil {
		c.log.Warn("the lease will end by itself", "error", err)
	}
	return nil
}

// wait waits, and reports false if ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// unlessOver passes an error on unless it is only that ctx has ended.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
