package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// sessions answers with the table, of now or of a moment, a page of it by JID.
func (h *History) sessions(q *question) error {
	params := q.r.URL.Query()
	if err := known(params, "filter", "at", "connector", "limit", "after"); err != nil {
		return err
	}
	chosen, err := sessionFilterOf(q)
	if err != nil {
		return err
	}
	limit, err := limitOf(q)
	if err != nil {
		return err
	}
	past, then, end, err := h.tableOf(q)
	if err != nil {
		return err
	}
	defer end()
	answer := struct {
		ask.Known
		Matching int             `json:"matching"` // sessions that are meant, on all pages
		Items    []query.Session `json:"items"`
		Next     string          `json:"next"` // to go on after
		Complete bool            `json:"complete"`
	}{Known: ask.Known{At: past.Position().Seq, Whole: past.Whole}, Items: []query.Session{}, Complete: true}
	list, err := inPlace(q.r.Context(), past.Table, q.about)
	if err != nil {
		return err
	}
	connector, after := params.Get("connector"), params.Get("after")
	for i := range list {
		v := &list[i].Session
		if connector != "" && v.Connector != connector || !chosen.Has(&filter.Stay{Session: v, At: then}) {
			continue
		}
		answer.Matching++
		switch n := len(answer.Items); {
		case list[i].place <= after || !answer.Complete:
		case n == limit:
			answer.Next, answer.Complete = ask.Place(&answer.Items[n-1]), false
		default:
			q.hide(v)
			answer.Items = append(answer.Items, *v)
		}
	}
	told := func(yield func(events.JID) bool) {
		for i := range answer.Items {
			if !yield(answer.Items[i].JID.Bare()) {
				return
			}
		}
	}
	if err := h.recordTold(q, told, len(answer.Items)); err != nil {
		return err
	}
	return q.give(answer)
}

// A placed session is one with its place in the list of all.
type placed struct {
	query.Session
	place string
}

// inPlace are the sessions of a table in their order: those of an account, for which no
// others are looked at, or all.
func inPlace(ctx context.Context, table *projector.Table, account events.JID) ([]placed, error) {
	present := ask.PresentOf(table)
	list, err := present.SessionsOf(ctx, []events.JID{account})
	if account.IsZero() {
		list, err = present.Sessions(ctx)
	}
	all := make([]placed, len(list))
	for i := range list {
		all[i] = placed{list[i], ask.Place(&list[i])}
	}
	slices.SortFunc(all, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	return all, err
}

// sessionFilterOf reads the filter of sessions that there are at one moment.
func sessionFilterOf(q *question) (*filter.Sessions, error) {
	f, err := filter.ParseSessions(q.r.URL.Query().Get("filter"))
	switch {
	case err != nil:
		return nil, bad("filter", "%v", err)
	case f.AsksEnd():
		return nil, bad("filter", "sessions that there are at one moment have not ended, so they have no reason, no text and nobody that ended them")
	}
	return f, mayFilter(q, f.Asks("address"))
}

// tableOf is the table that is asked for, of now or of a moment, and when that is. end must
// be called if there is no error.
func (h *History) tableOf(q *question) (past *replay.Past, then time.Time, end func(), err error) {
	m, err := momentOf(q, "at")
	if err != nil {
		return nil, then, nil, err
	}
	if end, err = q.at(h, m); err != nil || ask.IsNow(m) {
		return &replay.Past{Table: h.Table, Whole: true}, time.Now(), end, err
	}
	past, err = replay.At(q.r.Context(), h.Archive, m)
	if err == nil {
		then, err = m.Instant(q.r.Context(), h.Archive)
	}
	if err != nil {
		end()
		return nil, then, nil, err
	}
	return past, then, end, nil
}

// hide leaves of a session's address what may be told.
func (q *question) hide(v *query.Session) {
	if v != nil && !q.by.MayAbout(access.ReadAddress, v.JID.Bare()) {
		v.Address = network(v.Address)
	}
}

// network is what is told of an address to those who may not see it; "" if nothing is.
func network(address string) string {
	p, ok := public.NetworkOf(address)
	if !ok {
		return ""
	}
	return p.String()
}
