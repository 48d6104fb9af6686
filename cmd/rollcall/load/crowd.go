package load

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
)

// parallel bounds how many clients log in, or leave, at once.
const parallel = 32

// A seat is where a client of a crowd sits.
type seat struct{ addr, user, resource string }

// A crowd is many clients that are online.
type crowd []*client

// gather logs all in. If one fails those that made it leave again.
func gather(ctx context.Context, s *Server, seats []seat, took func(time.Duration)) (crowd, error) {
	all := make(crowd, len(seats))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	times := make([]time.Duration, len(seats))
	for i, at := range seats {
		g.Go(func() error {
			begin := time.Now()
			c, err := s.login(gctx, at.addr, at.user, at.resource)
			all[i], times[i] = c, time.Since(begin)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, errors.Join(err, all.leave())
	}
	if took != nil {
		for _, d := range times {
			took(d)
		}
	}
	return all, nil
}

// settle makes every connection readable without its stanza reader.
func (all crowd) settle() error {
	return all.each(func(c *client) error { return c.settle() })
}

// leave ends every stream. Nobody may be reading.
func (all crowd) leave() error {
	return all.each(func(c *client) error { return c.leave() })
}

func (all crowd) each(do func(*client) error) error {
	var g errgroup.Group
	g.SetLimit(parallel)
	for _, c := range all {
		if c != nil {
			g.Go(func() error { return do(c) })
		}
	}
	return g.Wait()
}
