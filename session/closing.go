package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"rollcall/events"
)

// An ending is a session whose connection is gone but whose end is not in the
// log yet.
type ending struct {
	account events.JID
	cause   events.ID
	command Command
}

// endings are those that could not be written at once. There are never more
// than this connector had sessions.
type endings struct {
	sync.Mutex
	list []ending
	more chan struct{} // has a token when the list has become non-empty
}

// End closes or detaches (c is Close or Detach) a session whose connection is
// gone. If the log does not take it now, Run repeats it until it does, or the
// lease ends and the reaper of another connector does it: a session never
// stays in the table because its end could not be written.
func (s *Service) End(ctx context.Context, account events.JID, cause events.ID, c Command) {
	_, _, err := s.Do(ctx, account, cause, c)
	if err == nil || errors.Is(err, ErrFenced) {
		return
	}
	s.endings.Lock()
	defer s.endings.Unlock()
	s.endings.list = append(s.endings.list, ending{account, cause, c})
	select {
	case s.endings.more <- struct{}{}:
	default:
	}
}

// Run repeats what End could not write. It returns when ctx ends or the
// connector is fenced.
func (s *Service) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.Fenced:
			return
		case <-s.endings.more:
		}
		for _, e := range s.takeEndings() {
			s.End(ctx, e.account, e.cause, e.command)
		}
		// One that failed again has put its token back; it is not hurried.
		sleep(ctx, lastPause)
	}
}

// Pending is the number of ends that are still to be written.
func (s *Service) Pending() int {
	s.endings.Lock()
	defer s.endings.Unlock()
	return len(s.endings.list)
}

func (s *Service) takeEndings() []ending {
	s.endings.Lock()
	defer s.endings.Unlock()
	list := s.endings.list
	s.endings.list = nil
	return list
}

// DrainTimeout bounds Drain.
const DrainTimeout = 3 * time.Second

// Drain writes what is pending once more, for an orderly stop.
func (s *Service) Drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, DrainTimeout)
	defer cancel()
	for _, e := range s.takeEndings() {
		s.End(ctx, e.account, e.cause, e.command)
	}
}
