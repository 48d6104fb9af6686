package web

import (
	"net/url"
	"slices"
	"strconv"
	"time"
)

// A stay is a session from its beginning to its end.
type stay struct {
	Session  session
	Began    time.Time
	Ended    string // "": it goes on
	Duration int64  `json:"duration_ms"`
	Reason   string
	Text     string
	By       string
	Why      string
	Items    []happening
	Next     struct{ After uint64 }
	Complete bool
	Limited  bool `json:"scan_limited"`

	View           string // compact, timeline or json
	Before, Behind string // pages of the account's sessions before and after it; "": none is known
	Lane           *lane
	Chart          *chart
	page           *visit
}

// oneSession tells of one session.
func oneSession(v *visit) (*shown, error) {
	id := v.r.PathValue("id")
	st := &stay{View: v.value("view"), page: v}
	if !slices.Contains(views[:], st.View) {
		st.View = views[0]
	}
	query := url.Values{"limit": {"200"}}
	for _, name := range [...]string{"account", "after"} {
		if value := v.value(name); value != "" {
			query.Set(name, value)
		}
	}
	if err := v.ask("The session", "/v1/sessions/"+url.PathEscape(id), query, st); err != nil {
		return nil, err
	}
	s := &shown{template: "session", Title: "Session of " + st.Session.JID, Body: st}
	if st.Open() {
		s.Live = pathWith("", url.Values{"session": {id}, "account": {st.Account()}})
	}
	if v.After() == "" && len(st.Items) > 0 {
		st.neighbours(v)
		st.draw(v)
	}
	return s, nil
}

// views are the ways to show what happened, the usual one first.
var views = [...]string{"compact", "timeline", "json"}

// Views are the pages with the other views.
func (st *stay) Views() (list []navLink) {
	for _, view := range views {
		name := map[string]string{"compact": "Compact", "timeline": "Timeline", "json": "JSON"}[view]
		list = append(list, navLink{link{name, st.page.Here("view", view)}, view == st.View})
	}
	return list
}

// Account is whose it is.
func (st *stay) Account() string { return bare(st.Session.JID) }

// Open reports a session that goes on.
func (st *stay) Open() bool { return st.Ended == "" && !st.Limited }

// End is when it ended; zero if it did not, or nobody knows.
func (st *stay) End() time.Time {
	t, _ := time.Parse(time.RFC3339Nano, st.Ended)
	return t
}

// Lasted is how long.
func (st *stay) Lasted() time.Duration {
	d := time.Duration(st.Duration) * time.Millisecond
	if d > time.Minute {
		d = d.Truncate(time.Second)
	}
	return d
}

// Verb is what became of the session, before the sentence that says why: it is cut off if
// neither its client nor anybody else wanted it to end.
func (st *stay) Verb() string {
	switch st.Reason {
	case "client":
		return "Logged out"
	case "connection_lost", "timeout", "connector_lost", "overload", "unavailable":
		return "Cut off"
	}
	return "Ended"
}

// EndMark is the class of how it ended.
func (st *stay) EndMark() string {
	if st.Reason == "client" || st.Reason == "resumed" {
		return "soft"
	}
	return "bad"
}

// Gap is how long after the step before it a step happened.
func (st *stay) Gap(i int) string {
	if i == 0 {
		return ""
	}
	return "+" + duration(max(st.Items[i].Event.RecordedTime.Sub(st.Items[i-1].Event.RecordedTime), 0).Truncate(time.Millisecond))
}

// Download are its events as lines.
func (st *stay) Download() string {
	return "/v1/events.ndjson?" + url.Values{"session": {st.Session.ID}, "account": {st.Account()}}.Encode()
}

// neighbours finds the sessions that the account began before and after this one. Where
// the log has forgotten how this one began, nobody knows.
func (st *stay) neighbours(v *visit) {
	first := &st.Items[0].Event
	if first.Kind() != "session.authenticated" {
		return
	}
	find := func(what string, query url.Values) string {
		query.Set("account", st.Account())
		query.Set("type", "authenticated")
		query.Set("limit", "1")
		var body struct{ Items []event }
		if v.ask(what, "/v1/events", query, &body) != nil || len(body.Items) == 0 {
			return ""
		}
		return sessionPath(body.Items[0].Session(), st.Account())
	}
	if at := first.Record(); at > 1 {
		st.Before = find("The session before", url.Values{"to": {strconv.FormatUint(at-1, 10)}, "order": {"desc"}})
	}
	st.Behind = find("The session after", url.Values{"after": {first.Seq()}})
}

// draw draws the session over time.
func (st *stay) draw(v *visit) {
	from, to := st.Items[0].Event.RecordedTime, v.now
	if end := st.End(); !end.IsZero() {
		to = end
	} else if !st.Complete || st.Limited {
		to = st.Items[len(st.Items)-1].Event.RecordedTime
	}
	ls := &lanes{from: from}
	for i := range st.Items {
		ls.take(&st.Items[i].Event)
	}
	ls.finish(to)
	if len(ls.list) == 1 && from.Before(to) {
		st.Lane = ls.list[0]
		st.Chart = drawLanes(v, from, to, ls.list, nil)
	}
}
