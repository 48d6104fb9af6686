package api

import (
	"context"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// holdersEvery is how old what an overview tells of connectors' leases may be.
const holdersEvery = time.Second

// dayPatience is how long an overview waits for the last day to be counted: what most logs
// take, so that the first one is whole, and not so long that a page seems to hang.
const dayPatience = 300 * time.Millisecond

// overview answers with how the service is. It is made of counters, for pages that ask every
// second.
func (h *History) overview(q *question) error {
	if err := q.own(); err != nil {
		return err
	}
	if !h.Ready() {
		return errRebuilding
	}
	q.server.countDay(q.feed.ctx, h)
	patience, cancel := context.WithTimeout(q.r.Context(), dayPatience)
	defer cancel()
	select {
	case <-h.Day.Counted():
	case <-patience.Done():
	}
	connectors, err := q.server.holders.get(q.r.Context(), func(ctx context.Context) ([]ask.Connector, error) {
		list, _, err := h.source().Connectors(ctx, replay.Moment{})
		return list, err
	})
	if err != nil {
		return err
	}
	o := ask.OverviewOf(h.Table, h.Day, time.Now())
	o.Connectors, o.Projection = append(o.Connectors, connectors...), h.Projection()
	return q.give(o)
}

// countDay has the last day counted from the first question on. A count that fails is begun
// anew by the next one.
func (s *Server) countDay(ctx context.Context, h *History) {
	select {
	case s.days <- struct{}{}:
		go func() { // ends with ctx, that of Mount
			defer func() { <-s.days }()
			if err := h.Day.Run(ctx, h.Archive, h.Pre); err != nil && ctx.Err() == nil {
				s.cfg.Logger.Warn("the last day can't be counted yet", "err", err)
			}
		}()
	default:
	}
}
