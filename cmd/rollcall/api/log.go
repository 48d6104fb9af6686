package api

import (
	"context"
	"net/http"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

const (
	// lookEvery is how old what is told of the log's size may be: a look makes the server
	// read some thirty blocks of the log, and pages ask again and again.
	lookEvery = 10 * time.Second
	// lookTimeout is how long a look may take.
	lookTimeout = 5 * time.Second
)

// A logAnswer is what is told of the log and of the table that is made of it.
type logAnswer struct {
	ask.LogState
	Projection ask.Projection `json:"projection"`
}

// log answers with how full the log is, and how far this process's table is. While the log
// can't be reached it says what was so before, and the projection says that it can't.
func (h *History) log(q *question) error {
	if err := q.own(); err != nil {
		return err
	}
	l, err := q.server.lookAtLog(q.r.Context(), h)
	if err != nil {
		return err
	}
	return q.give(logAnswer{l.State(), h.Projection()})
}

// lookAtLog is the newest report, which is 10 s old at most unless the log can't be
// reached. One question at a time makes a new one, and the others wait for it.
func (s *Server) lookAtLog(ctx context.Context, h *History) (*ask.LogReport, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	select {
	case s.looks <- struct{}{}:
		defer func() { <-s.looks }()
	case <-ctx.Done():
		return nil, Problem{Status: http.StatusServiceUnavailable, Detail: "the log has not answered yet; try again"}
	}
	if s.looked != nil && time.Since(s.looked.Report.At) < lookEvery {
		return s.looked, nil
	}
	l, err := ask.LookAtLog(ctx, h.Capacity, h.Archive.Keyframes, h.Table.Sessions(), time.Now())
	switch {
	case err == nil:
		s.looked = l
	case s.looked == nil:
		return nil, err
	}
	return s.looked, nil
}
