package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

const (
	// maxFold is how many records are folded for figures, about, and maxFoldTime for how
	// long.
	maxFold     = 1_000_000
	maxFoldTime = 5 * time.Second
	// maxSteps is how many steps a span has at most.
	maxSteps = 10_000
	// statsSpan is the span of figures unless another one is asked for.
	statsSpan = 24 * time.Hour
)

// stats answers with one of the figures of a span. One question at a time is answered, so
// that clients' logins have the other processors.
func (h *History) stats(q *question) error {
	if err := q.own("since", "until", "step"); err != nil {
		return err
	}
	figure := q.r.PathValue("name")
	if !slices.Contains(stats.Names(), figure) {
		return Problem{Status: http.StatusNotFound, Detail: "there is no such figure; there are " + strings.Join(stats.Names(), ", ")}
	}
	asked, err := statsQuery(q)
	if err != nil {
		return err
	}
	asked.Figures, asked.Most, asked.For = []string{figure}, maxFold, maxFoldTime
	a, err := h.figure(q, figure, asked)
	if err != nil {
		return err
	}
	if stats.NamesAccounts(figure) { // the others name nobody, so nobody need answer for having asked
		if err := h.record(q, nil); err != nil {
			return err
		}
	}
	answer := struct {
		Figure string `json:"figure"`
		stats.Covers
		Items any        `json:"items"`
		Next  *statsNext `json:"next"`
	}{Figure: figure, Covers: a.Covers, Items: a.Rows(figure)}
	if !a.Complete {
		answer.Next = &statsNext{a.Until}
	}
	return q.give(answer)
}

// figure is one, computed now or a while ago.
func (h *History) figure(q *question, name string, asked stats.Query) (*stats.Answer, error) {
	info, err := h.Archive.Info(q.r.Context())
	if err != nil {
		return nil, err
	}
	end, err := q.fold()
	if err != nil {
		return nil, err
	}
	defer end()
	key, over := figureKeyOf(name, q.r.URL.Query(), &asked)
	return q.server.figures.read(key, over, info.First, func() (*stats.Answer, error) {
		return stats.Read(q.r.Context(), h.Archive, h.Pre, asked)
	})
}

// statsNext is where the next question goes on.
type statsNext struct {
	Since time.Time `json:"since"`
}

// statsQuery reads the span and the step.
func statsQuery(q *question) (s stats.Query, err error) {
	params := q.r.URL.Query()
	if s.Since, err = instant(params, "since"); err != nil {
		return s, err
	}
	if s.Until, err = instant(params, "until"); err != nil {
		return s, err
	}
	until := s.Until
	if until.IsZero() {
		until = time.Now()
	}
	if s.Since.IsZero() {
		s.Since = until.Add(-statsSpan)
	}
	if !s.Since.Before(until) {
		return s, bad("since", "it is before until, and not in the future")
	}
	text := params.Get("step")
	if text == "" {
		return s, nil
	}
	if s.Step, err = replay.ParseDuration(text); err != nil || s.Step < time.Second || s.Step%time.Second != 0 {
		return s, bad("step", "it is a whole number of seconds, minutes, hours or days, as in 30s, 5m or 1d")
	}
	if n := until.Sub(s.Since) / s.Step; n >= maxSteps {
		return s, bad("step", "the span has %d of them, and %d are the most; take a longer step or a shorter span", n+1, maxSteps)
	}
	return s, nil
}

// fold is Server.fold; the turn ends with give at the latest.
func (q *question) fold() (end func(), err error) { return q.hold(q.server.fold(q.r.Context())) }

// fold lets a question about figures be answered when it is its turn. The end must be
// called if there is no error.
func (s *Server) fold(ctx context.Context) (end func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, pastTimeout)
	defer cancel()
	select {
	case s.folds <- struct{}{}:
		return func() { <-s.folds }, nil
	case <-ctx.Done():
		return nil, Problem{Status: http.StatusServiceUnavailable, Detail: "another question about figures is being answered; try again"}
	}
}

// isAsked reports an error of figures that another question mends.
func isAsked(err error) bool {
	return errors.Is(err, stats.ErrQuery) || errors.Is(err, stats.ErrTooMuch)
}
