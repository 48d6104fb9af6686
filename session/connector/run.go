package connector

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// The times of a connector's life.
const (
	// stopTime bounds an orderly stop up to the end of the sessions; with the
	// lease, and with whatever its caller does after it, it stays within five seconds.
	stopTime = 3 * time.Second
	// releaseTime bounds giving the lease back.
	releaseTime = 500 * time.Millisecond
	// firstRetry and lastRetry bound the wait between attempts to get a lease.
	firstRetry = 100 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// A connector is one call of Run.
type connector struct {
	Config
	leases *leaseWatcher
	ended  chan struct{} // has a token when another's lease has ended
	lapsed bool          // this is not the first lease; owned by incarnations
}

// Run is the life of a connector: one incarnation after the other, each with a
// lease, until ctx ends. It returns nil after an orderly stop, and otherwise an
// error of Acquire that wraps events.ErrHeld or events.ErrLeaseRefused or is an
// *events.DeniedError, or that of Beside.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.check(); err != nil {
		return err
	}
	c := &connector{Config: cfg, ended: make(chan struct{}, 1)}
	c.leases = newLeaseWatcher(c.Leases, c.Table, c.Logger)
	// All but the incarnations goes on until the orderly stop is over.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	g, life := errgroup.WithContext(life)
	g.Go(func() error {
		c.leases.watch(life, c.Heard, c.leaseEnded)
		return nil
	})
	g.Go(func() error {
		defer end()
		ctx, cancel := context.WithCancel(ctx)
		defer context.AfterFunc(life, cancel)() // a failure beside it stops it
		defer cancel()
		lease, err := c.acquire(ctx)
		if lease == nil {
			return err
		}
		g.Go(func() error { return unlessOver(life, c.Beside(life)) }) // the name is ours
		return c.incarnations(ctx, lease)
	})
	return g.Wait()
}

// incarnations goes from lease to lease until ctx ends.
func (c *connector) incarnations(ctx context.Context, lease Lease) (err error) {
	for lease != nil {
		err = c.incarnate(ctx, lease)
		if !errors.Is(err, events.ErrLeaseLost) {
			return err
		}
		c.lapsed = true
		c.Logger.Warn("lost the lease: every stream is ended, logins are refused", "connector", lease.Incarnation())
		lease, err = c.acquire(ctx)
	}
	return err
}

// acquire gets a lease, however long that takes; nil if ctx ends before. Errors are
// those after which this process would never serve: somebody else has the name, and
// lives, or nobody could have such a lease, or NATS refuses it.
func (c *connector) acquire(ctx context.Context) (Lease, error) {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		lease, err := c.Acquire(ctx)
		if held, ok := errors.AsType[*events.HeldError](err); ok {
			ended, lookErr := c.leases.revokeIfDead(ctx, held.Holder)
			switch {
			case lookErr == nil && !ended:
				return nil, err
			case lookErr == nil:
				continue
			}
			err = lookErr
		}
		switch {
		case err == nil:
			return lease, nil
		case errors.Is(err, events.ErrLeaseRefused), events.IsDenied(err):
			return nil, err
		case ctx.Err() != nil:
			return nil, nil
		}
		c.Logger.Warn("no lease yet", "error", err)
		if !wait(ctx, pause) {
			return nil, nil
		}
	}
}

// incarnate is one incarnation, from the lease to its end. It returns
// events.ErrLeaseLost, or nil if ctx has ended and all is in order.
func (c *connector) incarnate(ctx context.Context, lease Lease) error {
	svc, err := session.NewService(session.Config{
		Log: c.Log, Accounts: c.Table, Connector: lease.Incarnation(), Fenced: lease.Done(),
	})
	if err != nil {
		return err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	serving, endServing := context.WithCancel(ctx)
	var side sync.WaitGroup
	side.Go(func() {
		defer endServing()
		lease.Run(life) // its error is told by Done
	})
	side.Go(func() { svc.Run(life) })
	side.Go(func() { c.keepReserve(life, svc) })
	announced := make(chan struct{})
	side.Go(func() { c.announceStart(serving, svc, announced) })
	unreceive := c.receive(serving, lease)
	if c.takeOver(serving, svc) {
		<-announced
		c.Server.Begin(svc)
		c.Ready()
		if c.lapsed {
			c.Logger.Warn("logins are served again", "connector", lease.Incarnation())
		}
		side.Go(func() { c.leases.lookAfter(serving, lease.Incarnation().Name) })
		side.Go(func() { c.closeOthers(serving, svc) })
		side.Go(func() { svc.Refresh(serving, c.Table) })
		<-serving.Done()
	}
	// Stopped, or fenced: only a connector that still has the lease may write
	// ends. One that has lost it must not even believe its own table.
	if lease.Valid() {
		c.stop(svc)
		unreceive() // handles all that has come before others take it for lost
		c.announceStop(svc)
		end()
		side.Wait()
		c.release(lease)
		return nil
	}
	unreceive()
	c.Table.Lost(lease.Incarnation())
	c.Server.Suspend()
	end()
	side.Wait()
	return events.ErrLeaseLost
}

// receive takes what is sent to the incarnation, as soon as that can be. It
// returns when it does, or ctx ends. A process that was frozen finds stanzas that
// others have sent elsewhere, if they took it for dead; those may not count as handled
// here.
func (c *connector) receive(ctx context.Context, lease Lease) (stop func()) {
	handle := func(payload []byte, later func() (done func())) {
		if !lease.Confirm(ctx) {
			later() // and never done
			return
		}
		c.Server.Receive(payload, later)
	}
	for {
		stop, err := c.Courier.Receive(lease.Incarnation(), handle)
		if err == nil {
			return stop
		}
		c.Logger.Warn("stanzas of other connectors can't be received yet", "error", err)
		if !wait(ctx, firstRetry) {
			return func() {}
		}
	}
}

// stop ends all sessions in the log and all streams.
func (c *connector) stop(svc *session.Service) {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := c.Server.Shutdown(ctx); err != nil {
		c.Logger.Warn("not all clients are gone", "error", err)
	}
	svc.Drain(ctx)
	if n := svc.Pending(); n > 0 {
		c.Logger.Warn("sessions are left for another connector, or the next start, to close", "sessions", n)
	}
}

// release gives the lease back, so that the name is free at once and survivors
// need not wait for its end. If it can't be given back the stop has not failed.
func (c *connector) release(lease Lease) {
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	if err := lease.Release(ctx); err != nil {
		c.Logger.Warn("the lease will end by itself", "error", err)
	}
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
