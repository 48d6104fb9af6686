package session

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/events"
)

// parallel is how many accounts Reap and Run write to at once: enough to keep
// the log busy over its latency, few enough to leave it to the living.
const parallel = 32

// Holders lists the accounts that have sessions held by incarnations of a
// connector up to an epoch. The projector's table does.
type Holders interface {
	HeldBy(lost events.Incarnation) iter.Seq[*Account]
}

// Reap closes all sessions that a lost connector held, with the reason
// connector_lost, and returns how many accounts it was about. Those that waited
// to be resumed are among them: what they were sent was in that connector's
// memory. Everybody may call it at the same time for the same
// connector: the compare-and-set lets each end be written once.
func (s *Service) Reap(ctx context.Context, holders Holders, lost events.Incarnation) (int, error) {
	var g errgroup.Group
	g.SetLimit(parallel)
	n := 0
	for a := range holders.HeldBy(lost) {
		if ctx.Err() != nil {
			break
		}
		n++
		g.Go(func() error {
			_, _, err := s.Do(ctx, a.JID(), events.ConnID{}, Fence{Lost: lost, Now: s.cfg.Clock().UnixNano()})
			return err
		})
	}
	if err := errors.Join(g.Wait(), ctx.Err()); err != nil {
		return n, fmt.Errorf("reap the sessions of %s: %w", lost, err)
	}
	return n, nil
}
