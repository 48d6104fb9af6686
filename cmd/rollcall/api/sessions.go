package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"rollcall/cmd/rollcall/api/access"
	"rollcall/events"
	"rollcall/projector"
	"rollcall/projector/query"
	"rollcall/replay"
	"rollcall/replay/filter"
	"rollcall/replay/public"
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
	limit := defaultLimit
	if text := params.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > maxLimit {
			return bad("limit", "it is from 1 to %d", maxLimit)
		}
	}
	table, then, err := h.tableOf(q)
	if err != nil {
		return err
	}
	answer := struct {
		At       events.Seq      `json:"at"` // the record after which they are so
		Items    []query.Session `json:"items"`
		Next     string          `json:"next,omitempty"` // to go on after
		Complete bool            `json:"complete"`
	}{At: table.Position().Seq, Items: []query.Session{}, Complete: true}
	list := slices.Collect(query.Sessions(table))
	slices.SortFunc(list, func(a, b query.Session) int { return cmp.Compare(place(&a), place(&b)) })
	connector, after := params.Get("connector"), params.Get("after")
	for _, v := range list {
		if place(&v) <= after || connector != "" && v.Connector != connector || !q.about.IsZero() && v.JID.Bare() != q.about ||
			!chosen.Has(&filter.Stay{Session: &v, At: then}) {
			continue
		}
		if len(answer.Items) == limit {
			answer.Next, answer.Complete = place(&answer.Items[limit-1]), false
			break
		}
		if !q.by.MayAbout(access.ReadAddress, v.JID.Bare()) {
			v.Address = network(v.Address)
		}
		answer.Items = append(answer.Items, v)
	}
	rows := len(answer.Items)
	if err := h.record(q, &rows); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(q.w).Encode(answer)
}

// sessionFilterOf reads the filter of sessions that there are at one moment.
func sessionFilterOf(q *question) (*filter.Sessions, error) {
	f, err := filter.ParseSessions(q.r.URL.Query().Get("filter"))
	switch {
	case err != nil:
		return nil, bad("filter", "%v", err)
	case f.Asks("reason") || f.Asks("text"):
		return nil, bad("filter", "sessions that there are at one moment have not ended, so they have no reason and no text")
	}
	return f, mayFilter(q, f.Asks("address"))
}

// tableOf is the table that is asked for, of now or of a moment, and when that is.
func (h *History) tableOf(q *question) (*projector.Table, time.Time, error) {
	if q.r.URL.Query().Get("at") == "" {
		if !h.Ready() {
			return nil, time.Time{}, Problem{Status: http.StatusServiceUnavailable, Detail: "the table is being built from the log; /readyz shows how far it is"}
		}
		return h.Table, time.Now(), nil
	}
	m, err := momentOf(q)
	if err != nil {
		return nil, time.Time{}, err
	}
	past, err := replay.At(q.r.Context(), h.Archive, m)
	if err != nil {
		return nil, time.Time{}, err
	}
	then, err := m.Instant(q.r.Context(), h.Archive)
	return past.Table, then, err
}

// place is a session's in the list.
func place(v *query.Session) string { return v.JID.String() + " " + v.ID }

// momentOf reads the parameter at: a sequence, a time, or how long ago.
func momentOf(q *question) (m replay.Moment, err error) {
	params := q.r.URL.Query()
	if n, err := strconv.ParseUint(params.Get("at"), 10, 63); err == nil {
		if n == 0 {
			return m, bad("at", "sequences begin at 1")
		}
		return replay.Moment{Seq: events.Seq(n)}, nil
	}
	if m.Time, err = instant(params, "at"); err != nil {
		return m, Problem{Status: http.StatusBadRequest, Parameter: "at", Detail: "at: it is a sequence, a time as in 2026-01-31T14:03:07Z, or how long ago as in -15m"}
	}
	return m, nil
}

// network is what is told of an address to those who may not see it; "" if nothing is.
func network(address string) string {
	p, ok := public.NetworkOf(address)
	if !ok {
		return ""
	}
	return p.String()
}
