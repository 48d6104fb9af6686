package connector

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// The records that connectors write into the log about themselves and each other,
// so that the past knows which leases were held (events.ConnectorStarted and its
// like). The log is told what the leases have said already; nothing rests on it,
// and nobody who logs in waits for it.

const (
	// announceTime bounds the attempts that something waits for: the beginning of
	// service, the closing of a lost connector's sessions, an orderly stop.
	announceTime = 500 * time.Millisecond
	// lastAnnounce bounds the wait before another attempt to announce a beginning.
	lastAnnounce = 10 * time.Second
)

// announceStart announces that the incarnation holds its lease, as often as it takes
// until ctx ends. After the first attempt it closes tried.
func (c *connector) announceStart(ctx context.Context, svc *session.Service, tried chan<- struct{}) {
	err := c.announce(ctx, svc, c.Table.Leases(), events.ConnectorStarted{})
	close(tried)
	for pause := lastRetry; err != nil && !errors.Is(err, session.ErrFenced); pause = min(2*pause, lastAnnounce) {
		if !wait(ctx, pause) {
			return
		}
		err = svc.Announce(ctx, c.Table.Leases(), events.ConnectorStarted{})
	}
}

// announceLost announces that the lease of another has ended, unless the log says so
// already. A predecessor of this connector needs no announcement: the beginning of this
// one is its end. If it can't be announced now another survivor does it, or
// this one when it looks again.
func (c *connector) announceLost(ctx context.Context, svc *session.Service, lost events.Incarnation) {
	known := c.Table.Leases()
	if lost.Name == svc.Connector().Name || known.HasEnded(lost) {
		return
	}
	// The table forgets an end when there are no sessions left to ask about it.
	if !slices.Contains(c.Table.Holding(), lost) {
		return
	}
	if err := c.announce(ctx, svc, known, events.ConnectorLost{Lost: lost}); err != nil && ctx.Err() == nil {
		c.Logger.Info("can't write into the log that a connector is lost", "connector", lost, "error", err)
	}
}

// announceStop announces an orderly stop, before the lease is given back: otherwise
// others would take it for a loss.
func (c *connector) announceStop(svc *session.Service) {
	if err := c.announce(context.Background(), svc, c.Table.Leases(), events.ConnectorStopped{}); err != nil {
		c.Logger.Info("can't write into the log that this connector is stopped", "error", err)
	}
}

// announce makes an attempt that somebody waits for.
func (c *connector) announce(ctx context.Context, svc *session.Service, known *session.Leases, e events.Event) error {
	ctx, cancel := context.WithTimeout(ctx, announceTime)
	defer cancel()
	return svc.Announce(ctx, known, e)
}
