package load

import (
	"context"
	"errors"
)

// idle has l.Sessions users log in and then do nothing. It tells by how much
// the server's memory has grown, so that only the first round of a server that
// was just started says what a session costs.
func idle(ctx context.Context, s *Server, l *Load) (*Round, error) {
	if len(s.PIDs) == 0 {
		return nil, errors.New("memory needs the server's process: give its pid")
	}
	before, err := s.memory()
	if err != nil {
		return nil, err
	}
	var all crowd
	r, err := measured(s, func(r *Round) (err error) {
		all, err = gather(ctx, s, everybody(s, l.Sessions), nil)
		r.Count = len(all)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = wait(ctx, l.Settle)
	after, merr := s.memory()
	r.Memory = after - before
	return r, errors.Join(err, merr, all.leave())
}
