package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// latency has l.Pairs users write l.Rate messages a second together, at even
// distances, for l.Time, and notes for each when it came after it was due.
func latency(ctx context.Context, s *Server, l *Load) (*Round, error) {
	all, err := pairs(ctx, s, l)
	if err != nil {
		return nil, err
	}
	p := &pace{every: time.Second / time.Duration(l.Rate), came: make([]time.Time, int(l.Time.Seconds()*float64(l.Rate)))}
	var readers sync.WaitGroup
	errs := make([]error, len(all))
	for i, c := range all {
		readers.Go(func() {
			if i%2 == 1 {
				errs[i] = p.read(c)
				return
			}
			c.drain()
		})
	}
	r, err := measured(s, func(r *Round) error { return p.write(ctx, all) })
	if err == nil {
		err = p.complete(ctx, l.Patience)
	}
	for _, c := range all {
		c.interrupt()
	}
	readers.Wait()
	err = errors.Join(append(errs, err)...)
	if err == nil {
		err = p.fill(r)
	}
	return r, errors.Join(err, all.leave())
}

// A pace says when each message is due.
type pace struct {
	begin time.Time
	every time.Duration
	came  []time.Time // by number; each is written by the one reader that gets it
	got   atomic.Int64
}

func (p *pace) due(i int) time.Time { return p.begin.Add(time.Duration(i) * p.every) }

// write sends each message when it is due, or at once if that is past.
func (p *pace) write(ctx context.Context, all crowd) error {
	p.begin = time.Now()
	for i := range p.came {
		if d := time.Until(p.due(i)); d > 0 {
			if err := wait(ctx, d); err != nil {
				return err
			}
		}
		from := 2 * (i % (len(all) / 2))
		err := all[from].sendf("<message to='%s' id='%d' type='chat'><body>%s</body></message>", all[from+1].jid, i, text)
		if err != nil {
			return err
		}
	}
	return nil
}

// complete waits until all have come, but no longer than its patience.
func (p *pace) complete(ctx context.Context, patience time.Duration) error {
	for end := time.Now().Add(patience); p.got.Load() < int64(len(p.came)) && time.Now().Before(end); {
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// read notes when messages come, until the client is interrupted.
func (p *pace) read(c *client) error {
	for {
		el, err := c.in.Next()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return err
		case !el.Is(stanza.NSClient, "message"):
			continue
		}
		i, err := strconv.Atoi(el.ID())
		if err != nil || i < 0 || i >= len(p.came) {
			return fmt.Errorf("%s got a message that was not sent: %s", c.user, el.Raw())
		}
		p.came[i] = time.Now()
		p.got.Add(1)
	}
}

func (p *pace) fill(r *Round) error {
	for i, at := range p.came {
		if at.IsZero() {
			return fmt.Errorf("message %d of %d did not come", i, len(p.came))
		}
		r.Latencies = append(r.Latencies, at.Sub(p.due(i)))
	}
	r.Count = len(p.came)
	return nil
}
