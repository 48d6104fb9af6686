package api

import (
	"cmp"
	"iter"
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
	"github.com/rollcall-xmpp/rollcall/session"
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
		States   map[string]int  `json:"states"`   // how many of them are in each
		Items    []query.Session `json:"items"`
		Next     string          `json:"next"` // to go on after
		Complete bool            `json:"complete"`
	}{Known: ask.Known{At: past.Position().Seq, Whole: past.Whole}, States: map[string]int{}, Items: []query.Session{}, Complete: true}
	connector, page := params.Get("connector"), firsts{after: params.Get("after"), most: limit + 1}
	meant := meaning(chosen, then)
	for s, lost := range sessionsOf(past.Table, q.about) {
		if (connector == "" || s.Connector().Name == connector) && meant(s, lost) {
			answer.Matching++
			answer.States[query.StateOf(s, lost)]++
			page.take(s, lost)
		}
	}
	if answer.Complete = len(page.list) <= limit; !answer.Complete {
		page.list = page.list[:limit]
		answer.Next = page.list[limit-1].place
	}
	for i := range page.list {
		q.hide(&page.list[i].Session)
		answer.Items = append(answer.Items, page.list[i].Session)
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

// firsts are the sessions that come first in the list of all, after a place there. However
// many there are, no more are kept than are wanted.
type firsts struct {
	after string
	most  int
	list  []placed // in their order
}

// take takes a session, of which there may be any number in any order.
func (f *firsts) take(s *session.Session, lost bool) {
	full := len(f.list) == f.most
	if byName(s, f.after) < 0 || full && byName(s, f.list[f.most-1].place) > 0 {
		return
	}
	v := query.Of(s, lost)
	place := ask.Place(&v)
	if place <= f.after || full && place >= f.list[f.most-1].place {
		return
	}
	if full {
		f.list = f.list[:f.most-1]
	}
	i, _ := slices.BinarySearchFunc(f.list, place, func(p placed, place string) int { return cmp.Compare(p.place, place) })
	f.list = slices.Insert(f.list, i, placed{v, place})
}

// byName compares a session's place with another as far as its JID alone decides that; 0: it
// does not. Most sessions are left out by it, before there is a text of any.
func byName(s *session.Session, place string) int {
	name := s.JID().String()
	n := min(len(name), len(place))
	return cmp.Compare(name[:n], place[:n])
}

// meaning is whether a filter means a session at a moment. It is for one goroutine.
func meaning(chosen *filter.Sessions, then time.Time) func(s *session.Session, lost bool) bool {
	if chosen.All() {
		return func(*session.Session, bool) bool { return true }
	}
	view := query.Of
	if chosen.Brief() {
		view = query.Brief
	}
	var v query.Session
	stay := filter.Stay{Session: &v, At: then}
	return func(s *session.Session, lost bool) bool {
		v, stay.Began = view(s, lost), time.Unix(0, s.Since)
		return chosen.Has(&stay)
	}
}

// sessionsOf are the sessions of a table, in no order, and whether each is lost: those of an
// account, for which no others are looked at, or all.
func sessionsOf(table *projector.Table, account events.JID) iter.Seq2[*session.Session, bool] {
	if account.IsZero() {
		return query.Each(table)
	}
	return func(yield func(*session.Session, bool) bool) {
		a := table.Account(account)
		if a == nil {
			return
		}
		for _, s := range a.Sessions() {
			if !yield(s, table.IsLost(s.Connector())) {
				return
			}
		}
	}
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
