package load

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"
)

// logins has l.Logins users log in, parallel at a time. They stay until all are
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

// churn has l.Workers users log in and out for l.Time. Nobody waits for the end
// of a stream before the next login: some servers take their time for that,
// which costs them nothing. Only the login is in the latency, both are in the
// rate.
func churn(ctx context.Context, s *Server, l *Load) (*Round, error) {
	return measured(s, func(r *Round) error {
		end := time.Now().Add(l.Time)
		var c visits
		var g sync.WaitGroup
		for i := range l.Workers {
			at := seat{s.Addrs[i%len(s.Addrs)], user(i), ""}
			g.Go(func() {
				for n := 0; time.Now().Before(end); n++ {
					at.resource = "load" + strconv.Itoa(n)
					if !c.visit(ctx, s, at) {
						return
					}
				}
			})
		}
		g.Wait()
		c.leaving.Wait()
		r.Count, r.Latencies = len(c.took), c.took
		return c.failed
	})
}

// visits counts who came and went.
type visits struct {
	leaving sync.WaitGroup

	mu     sync.Mutex
	took   []time.Duration // guarded; of each login
	failed error           // guarded
}

// visit logs in, and out behind the caller's back. It reports whether the login
// succeeded.
func (v *visits) visit(ctx context.Context, s *Server, at seat) bool {
	begin := time.Now()
	c, err := s.login(ctx, at.addr, at.user, at.resource)
	if err != nil {
		v.fail(err)
		return false
	}
	v.mu.Lock()
	v.took = append(v.took, time.Since(begin))
	v.mu.Unlock()
	v.leaving.Go(func() { v.fail(c.leave()) })
	return true
}

func (v *visits) fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.failed = errors.Join(v.failed, err)
}
