package api

import (
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// table answers with what the table adds up to, now or at a moment.
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
