package load

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"
)

// logins has l.Logins users log in, parallel at a time, who stay until all are
// there.
func logins(ctx context.Context, s *Server, l *Load) (*Round, error) {
	var all crowd
	r, err := measured(s, func(r *Round) (err error) {
		all, err = gather(ctx, s, everybody(s, l.Logins), func(d time.Duration) {
			r.Latencies = append(r.Latencies, d)
		})
		r.Count = len(all)
		return err
	})
	return r, errors.Join(err, all.leave())
}

// everybody are seats for the first n users, over all addresses in turns.
func everybody(s *Server, n int) []seat {
	seats := make([]seat, n)
	for i := range seats {
		seats[i] = seat{s.Addrs[i%len(s.Addrs)], user(i), "load"}
	}
	return seats
}

// churn has l.Workers users log in and out for l.Time. Only the login is in the
// latency, both are in the rate.
func churn(ctx context.Context, s *Server, l *Load) (*Round, error) {
	return measured(s, func(r *Round) error {
		end := time.Now().Add(l.Time)
		var (
			mu     sync.Mutex // guards r and failed
			failed error
			g      sync.WaitGroup
		)
		for i := range l.Workers {
			at := seat{s.Addrs[i%len(s.Addrs)], user(i), ""}
			g.Go(func() {
				for n := 0; time.Now().Before(end); n++ {
					at.resource = "load" + strconv.Itoa(n)
					took, err := s.visit(ctx, at)
					mu.Lock()
					r.Count++
					r.Latencies = append(r.Latencies, took)
					failed = errors.Join(failed, err)
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
		g.Wait()
		return failed
	})
}

// visit logs in and out, and says how long the login took.
func (s *Server) visit(ctx context.Context, at seat) (time.Duration, error) {
	begin := time.Now()
	c, err := s.login(ctx, at.addr, at.user, at.resource)
	if err != nil {
		return 0, err
	}
	return time.Since(begin), c.leave()
}
