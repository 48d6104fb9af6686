package api

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// maxPasts bounds the tables of the past that are in memory at one time, and pastTimeout
// how long a question waits for its turn. A table may have millions of sessions.
const (
	maxPasts    = 4
	pastTimeout = 5 * time.Second
)

// errRebuilding: what is asked of the table can't be known yet.
var errRebuilding = Problem{Status: http.StatusServiceUnavailable, Detail: "the table is being built from the log; /readyz shows how far it is"}

// source is what answers are made of.
func (h *History) source() *ask.Source {
	return &ask.Source{Archive: h.Archive, Pre: h.Pre, Now: ask.PresentOf(h.Table), Leases: h.Leases, Accounts: h.Accounts}
}

// moment is that of the parameter at, with the turn of whoever asks about it.
func (q *question) moment(h *History) (m replay.Moment, end func(), err error) {
	if m, err = momentOf(q, "at"); err != nil {
		return m, nil, err
	}
	end, err = q.at(h, m)
	return m, end, err
}

// at is Server.at; the turn ends with give at the latest.
func (q *question) at(h *History, m replay.Moment) (end func(), err error) {
	return q.hold(q.server.at(q.r.Context(), h, m))
}

// hold notes a turn's end, which may be called again.
func (q *question) hold(end func(), err error) (func(), error) {
	if err != nil {
		return nil, err
	}
	q.end = sync.OnceFunc(end)
	return q.end, nil
}

// at lets a question about a moment be answered: about now once the table is up to date,
// about the past one of few at a time. The end must be called if there is no error.
func (s *Server) at(ctx context.Context, h *History, m replay.Moment) (end func(), err error) {
	if ask.IsNow(m) {
		if !h.Ready() {
			return nil, errRebuilding
		}
		return func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, pastTimeout)
	defer cancel()
	select {
	case s.pasts <- struct{}{}:
		return func() { <-s.pasts }, nil
	case <-ctx.Done():
		return nil, Problem{Status: http.StatusServiceUnavailable, Detail: "too many questions about the past are being answered; try again"}
	}
}

// momentOf reads a parameter with a moment: a sequence, a time, or how long ago; without
// it, it is now.
func momentOf(q *question, name string) (m replay.Moment, err error) {
	params := q.r.URL.Query()
	if n, err := strconv.ParseUint(params.Get(name), 10, 63); err == nil {
		if n == 0 {
			return m, bad(name, "sequences begin at 1")
		}
		return replay.Moment{Seq: events.Seq(n)}, nil
	}
	if m.Time, err = instant(params, name); err != nil {
		return m, bad(name, "it is a sequence, a time as in 2026-01-31T14:03:07Z, or how long ago as in -15m")
	}
	return m, nil
}
