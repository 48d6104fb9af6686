package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// table answers with the totals of the table, now or at a moment.
func (h *History) table(q *question) error {
	if err := q.own("at"); err != nil {
		return err
	}
	m, end, err := q.moment(h)
	if err != nil {
		return err
	}
	defer end()
	var sum ask.Sum
	if ask.IsNow(m) {
		sum = ask.SumOf(h.Table, true)
	} else if sum, err = h.source().SumAt(q.r.Context(), m); err != nil {
		return err
	}
	return q.give(sum)
}

// connectors answers with those that hold a lease or sessions, now or at a moment.
func (h *History) connectors(q *question) error {
	if err := q.own("at"); err != nil {
		return err
	}
	m, end, err := q.moment(h)
	if err != nil {
		return err
	}
	defer end()
	list, known, err := h.source().Connectors(q.r.Context(), m)
	if err != nil {
		return err
	}
	return q.give(struct {
		ask.Known
		Items []ask.Connector `json:"items"`
	}{known, append([]ask.Connector{}, list...)})
}

const (
	// defaultDrain is how long a connector takes to send its clients away unless it is said.
	defaultDrain = 5 * time.Minute
	// drainTimeout bounds how long a connector may take to begin, or to end that.
	drainTimeout = 20 * time.Second
)

// A Drainer gives connectors orders. Errors wrap those of package ask.
type Drainer interface {
	Drain(ctx context.Context, connector string, o ask.DrainOrder) (ask.DrainReport, error)
}

// drain has a connector send its clients away, and answers when no others can come.
func (h *History) drain(q *question) error {
	params, err := parametersOf(q, "for", "force")
	if err != nil {
		return err
	}
	o := ask.DrainOrder{Begin: true, Over: defaultDrain, By: q.actor()}
	switch given := params.Get("for"); {
	case given == "0" || given == "0s":
		o.Over = 0
	case params.Has("for"):
		if o.Over, err = replay.ParseDuration(given); err != nil || o.Over < 0 {
			return bad("for", "it is a time, such as 30s, 5m or 1h")
		}
	}
	if err := ask.CheckDrain(o.Over); err != nil {
		return bad("for", "%s", err)
	}
	if o.Force, err = strconv.ParseBool(params.Get("force")); err != nil && params.Has("force") {
		return bad("force", "it is true or false")
	}
	return h.orderDrain(q, o)
}

// undrain has clients come again.
func (h *History) undrain(q *question) error {
	if _, err := parametersOf(q); err != nil {
		return err
	}
	return h.orderDrain(q, ask.DrainOrder{End: true, By: q.actor()})
}

func (h *History) orderDrain(q *question, o ask.DrainOrder) error {
	if err := h.record(q, nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(q.r.Context(), drainTimeout)
	defer cancel()
	report, err := h.Drainer.Drain(ctx, q.r.PathValue("name"), o)
	if err != nil {
		return undrained(err)
	}
	return q.give(struct {
		ask.DrainReport
		Position events.Seq `json:"position"`
	}{report, q.server.cfg.Position()})
}

// undrained is why an order was not carried out.
func undrained(err error) error {
	p := Problem{Status: http.StatusServiceUnavailable, Detail: strings.ReplaceAll(err.Error(), "\n", ": ")}
	switch {
	case errors.Is(err, ask.ErrNoConnector):
		p.Status = http.StatusNotFound
	case errors.Is(err, ask.ErrOnlyConnector):
		p.Status = http.StatusConflict
		p.Detail += "; with force=true it is drained all the same"
	case errors.Is(err, ask.ErrNotDraining):
		p.Status = http.StatusConflict
	}
	return p
}
