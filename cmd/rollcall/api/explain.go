package api

import (
	"cmp"
	"errors"
	"slices"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// route answers where stanzas to an address go, and why.
func (h *History) route(q *question) error {
	if err := q.own("at"); err != nil {
		return err
	}
	to, err := events.ParseJID(q.r.URL.Query().Get("to"))
	if err != nil || to.Local() == "" {
		return bad("to", "give user@domain or user@domain/resource")
	}
	m, end, err := q.moment(h)
	if err != nil {
		return err
	}
	defer end()
	r, err := h.source().Route(q.r.Context(), to, m)
	if err != nil {
		return err
	}
	return h.tell(q, len(r.Verdicts), struct {
		Items []ask.Verdict `json:"items"`
		// Closed are sessions that may have been lost already: see ask.Route.
		Closed []ask.LostLater `json:"closed_later"`
	}{r.Verdicts, append([]ask.LostLater{}, r.Closed...)})
}

// contacts answers whom an account sees online, and why. It tells of two: whoever may read
// of one account only is told only what that sees of itself.
func (h *History) contacts(q *question) error {
	if err := q.own("who", "at"); err != nil {
		return err
	}
	if q.about.IsZero() {
		return bad("of", "it is user@domain, the account that sees")
	}
	var who events.JID
	if text := q.r.URL.Query().Get("who"); text != "" {
		var err error
		if who, err = events.ParseJID(text); err != nil || who.Local() == "" || !who.IsBare() {
			return bad("who", "it is user@domain, the account that is seen")
		}
	}
	if !q.by.MayAbout(q.route.Scope, who) {
		return q.forbidden()
	}
	m, end, err := q.moment(h)
	if err != nil {
		return err
	}
	defer end()
	list, known, err := h.source().Contacts(q.r.Context(), q.about, who, m)
	if errors.Is(err, auth.ErrNoAccount) { // which is an answer, too
		return cmp.Or(h.recordOfTwo(q, who, 0), err)
	}
	if err != nil {
		return err
	}
	for i := range list {
		for j := range list[i].Sessions {
			q.hide(&list[i].Sessions[j])
		}
	}
	if err := h.recordOfTwo(q, who, len(list)); err != nil {
		return err
	}
	return q.give(struct {
		ask.Known
		Items []ask.Contact `json:"items"`
	}{known, append([]ask.Contact{}, list...)})
}

// recordOfTwo puts a question about an account on record, and if it is about one other,
// that too: whoever looks for either finds it.
func (h *History) recordOfTwo(q *question, other events.JID, rows int) error {
	if err := h.record(q, &rows); err != nil || other.IsZero() || other == q.about {
		return err
	}
	also := *q
	also.about = other
	return h.record(&also, &rows)
}

// diff answers with the differences between two moments, a page of it by JID.
func (h *History) diff(q *question) error {
	if err := q.own("from", "to", "limit", "after", "change"); err != nil {
		return err
	}
	limit, err := limitOf(q)
	if err != nil {
		return err
	}
	from, err := momentOf(q, "from")
	if err != nil {
		return err
	}
	if ask.IsNow(from) {
		return bad("from", "give the first moment: a sequence, a time as in 2026-01-31T14:03:07Z, or how long ago as in -15m")
	}
	to, err := momentOf(q, "to")
	if err != nil {
		return err
	}
	page := ask.Page{After: q.r.URL.Query().Get("after"), Limit: limit, Kind: q.r.URL.Query().Get("change")}
	if !slices.Contains([]string{"", ask.Gone, ask.New, ask.Changed}, page.Kind) {
		return bad("change", "it is gone, new or changed")
	}
	end, err := q.at(h, from)
	if err != nil {
		return err
	}
	defer end()
	d, err := h.source().Diff(q.r.Context(), q.about, from, to, page)
	if err != nil {
		return err
	}
	answer := struct {
		Whole    bool         `json:"whole"`
		Items    []ask.Change `json:"items"`
		Next     string       `json:"next"` // to go on after
		Complete bool         `json:"complete"`
		ask.Counts
	}{d.Whole, append([]ask.Change{}, d.Changes...), "", !d.More, d.Counts}
	for i := range answer.Items {
		c := &answer.Items[i]
		q.hide(c.Before)
		q.hide(c.After)
	}
	rows := len(answer.Items)
	if d.More {
		answer.Next = ask.Place(answer.Items[rows-1].Session())
	}
	return h.tell(q, rows, answer)
}
