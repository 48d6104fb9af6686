package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/events"
)

// DrainTimeout bounds Drain.
const DrainTimeout = 3 * time.Second

// An ending is a session whose connection is gone but whose end is not in the
// log yet.
type ending struct {
	account events.JID
	conn    events.ConnID
	command Command
}

// endings are those that could not be written at once. There are never more
// than this connector had sessions.
type endings struct {
	mu   sync.Mutex
	list []ending      // guarded by mu
	work int           // guarded by mu: those that were taken and are being written
	more chan struct{} // has a token when list is not empty
	turn chan struct{} // taken by whoever writes them, Run or Drain
}

func newEndings() endings {
	return endings{more: make(chan struct{}, 1), turn: make(chan struct{}, 1)}
}

// End closes or detaches (c is Close or Detach) a session whose connection is
// gone; conn is that connection, and if another one has resumed the session
// meanwhile nothing is done. If the log does not take it now, Run repeats it
// until it does, or the lease ends and the reaper of another connector does it:
// a session never stays in the table because its end could not be written.
func (s *Service) End(ctx context.Context, account events.JID, conn events.ConnID, c Command) {
	switch d := c.(type) {
	case Close:
		d.conn = conn
		c = d
	case Detach:
		d.conn = conn
		c = d
	}
	s.end(ctx, ending{account, conn, c})
}

func (s *Service) end(ctx context.Context, e ending) {
	_, _, err := s.Do(ctx, e.account, e.conn, e.command)
	if err != nil && !errors.Is(err, ErrFenced) {
		s.endings.put(e)
	}
}

// Run repeats what End could not write. It returns when ctx ends or the
// connector is fenced.
func (s *Service) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.cfg.Fenced:
			return
		case <-s.endings.more:
		}
		s.writeEndings(ctx)
		// One that failed again has put its token back; it is not hurried.
		sleep(ctx, lastPause)
	}
}

// Pending is the number of ends that are still to be written.
func (s *Service) Pending() int {
	s.endings.mu.Lock()
	defer s.endings.mu.Unlock()
	return len(s.endings.list) + s.endings.work
}

// Drain writes what is pending once more, for an orderly stop. Run may still
// be at it.
func (s *Service) Drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, DrainTimeout)
	defer cancel()
	s.writeEndings(ctx)
}

// writeEndings tries every ending once. An interruption of the log may leave one
// for each session of the connector, so it is at many accounts at a time; those
// of one account would only wait for each other.
func (s *Service) writeEndings(ctx context.Context) {
	select {
	case s.endings.turn <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-s.endings.turn }()
	accounts := make(map[events.JID][]ending)
	for _, e := range s.endings.take() {
		accounts[e.account] = append(accounts[e.account], e)
	}
	var g errgroup.Group
	g.SetLimit(parallel)
	for _, list := range accounts {
		g.Go(func() error {
			for _, e := range list {
				s.end(ctx, e)
				s.endings.done()
			}
			return nil
		})
	}
	g.Wait()
}

func (e *endings) put(one ending) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, one)
	select {
	case e.more <- struct{}{}:
	default:
	}
}

func (e *endings) take() []ending {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.list
	e.list, e.work = nil, len(list)
	return list
}

func (e *endings) done() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.work--
}
