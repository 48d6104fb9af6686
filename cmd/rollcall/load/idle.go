package load

import (
	"context"
	"errors"
)

// idle has l.Sessions users log in and then do nothing. It tells how much memory
// the server has then, and by how much that has grown: only the first round of a
// server that was just started says what a session costs, and only if the server
// had no room free.
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
	r.Memory, r.Resident = after-before, after
	return r, errors.Join(err, merr, all.leave())
}
