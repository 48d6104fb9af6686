package connector

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Closing the sessions of connectors that die, in the log, and sending on the stanzas
// that were on their way to them. Every survivor does it, with no leader and no lock
// between them: each end is one compare-and-set, which one of them wins.

// sweepEvery is how often a connector looks for sessions of lost ones that no
// lease's end has told of.
const sweepEvery = 10 * time.Second

// takeOver closes the sessions that lost connectors left, as often as it takes. It returns
// false if ctx ends before.
func (c *connector) takeOver(ctx context.Context, svc *session.Service) bool {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := c.closeLost(ctx, svc)
		if err == nil {
			return true
		}
		if !wait(ctx, pause) {
			return false
		}
		c.Logger.Warn("not ready for logins yet", "error", err)
	}
}

// closeLost closes, in the log, the sessions of every connector that has lost
// its lease. The table must have all of them first: such a connector writes no
// more.
func (c *connector) closeLost(ctx context.Context, svc *session.Service) error {
	if err := c.catchUp(ctx); err != nil {
		return err
	}
	lost, err := TellLost(ctx, c.Leases, c.Table)
	if err != nil {
		return err
	}
	for _, i := range lost {
		c.announceLost(ctx, svc, i)
		n, err := svc.Reap(ctx, c.Table, i)
		if err != nil {
			return err
		}
		if n > 0 {
			c.Logger.Warn("closed the sessions of a lost connector", "connector", i, "accounts", n)
		}
	}
	// After the sessions' ends are in the log: the stanzas that were on their way to
	// them are then sent where they go without them. Usually it was, when the lease ended.
	for _, i := range lost {
		c.Server.Reroute(i)
	}
	return nil
}

// catchUp waits until the table has everything that is in the log now.
func (c *connector) catchUp(ctx context.Context) error {
	info, err := c.Log.Info(ctx)
	if err != nil {
		return err
	}
	return c.Table.WaitFor(ctx, events.Position{Stream: info.Stream, Seq: info.Last})
}

// closeOthers closes the sessions of others when their lease ends, and looks now and
// then for those that were missed, until ctx ends.
func (c *connector) closeOthers(ctx context.Context, svc *session.Service) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-c.ended:
			wait(ctx, c.turn(ctx, svc.Connector().Name))
		case <-time.After(sweepEvery + rand.N(sweepEvery/4)):
		}
		if err := c.closeLost(ctx, svc); err != nil && ctx.Err() == nil {
			c.Logger.Warn("can't see whether connectors are lost", "error", err)
		}
	}
}

// turn is how long to wait before doing a thing that every survivor could do: nothing
// for the first of them by name, a second more for each one after.
func (c *connector) turn(ctx context.Context, name string) time.Duration {
	alive, err := c.Leases.Alive(ctx)
	if err != nil {
		return 0
	}
	before := 0
	for _, s := range alive {
		if s.Name < name {
			before++
		}
	}
	return time.Duration(before) * time.Second
}

// leaseEnded is told that a lease has ended. It never blocks: one token stands
// for any number of ends, and the stanzas on their way there are seen to meanwhile.
func (c *connector) leaseEnded(lost events.Incarnation) {
	go c.Server.Reroute(lost)
	select {
	case c.ended <- struct{}{}:
	default:
	}
}
