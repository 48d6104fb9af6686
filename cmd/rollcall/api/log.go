package api

import (
	"context"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// lookEvery is how old what is told of the log's size may be: a look makes the server read
// some thirty blocks of the log.
const lookEvery = 10 * time.Second

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
	l, err := q.server.looked.get(q.r.Context(), func(ctx context.Context) (*ask.LogReport, error) {
		return ask.LookAtLog(ctx, h.Capacity, h.Archive.Keyframes, h.Table.Sessions(), time.Now())
	})
	if err != nil {
		return err
	}
	return q.give(logAnswer{l.State(), h.Projection()})
}
