package web

import (
	"net/url"
	"strconv"
	"strings"
)

// eventsPage is a page of the log.
type eventsPage struct {
	Filter, Since, Until string // as asked
	Oldest               bool   // they come first
	Tail                 bool   // new ones come by themselves
	Items                []event
	Next                 struct{ After, To uint64 }
	Complete             bool
	Scanned              uint64
	ScanLimited          bool `json:"scan_limited"`

	Problem problem // of what was typed
	More    string  // address of the page after this one; "": there is none
}

// listEvents searches the log. Without a span it begins with the newest and says when there
// are new ones.
func listEvents(v *visit) (*shown, error) {
	body := eventsPage{Filter: v.value("filter"), Since: v.value("since"), Until: v.value("until"), Oldest: v.value("order") == "asc"}
	asked := url.Values{}
	for _, name := range [...]string{"filter", "since", "until", "after", "to", "order", "limit"} {
		if value := v.value(name); value != "" {
			asked.Set(name, value)
		}
	}
	if !asked.Has("order") {
		asked.Set("order", "desc")
	}
	s := &shown{template: "events", Title: "Events"}
	if err := v.ask("Events", "/v1/events", asked, &body); err != nil {
		p, ok := faultOf(err, "filter", "since", "until")
		if !ok {
			return nil, err
		}
		body.Problem, s.Status, s.Body = *p, p.Status, &body
		return s, nil
	}
	body.More = body.more(v.r.URL.Query())
	body.Tail = !body.Oldest && body.Until == "" && v.value("to") == ""
	if body.Tail {
		s.Live, s.Counts = "?"+url.Values{"filter": {body.Filter}}.Encode(), "event"
	}
	s.Body = &body
	return s, nil
}

// Logins is where logins are that the filter means and the log of events does not have; ""
// if it does not ask for them.
func (p *eventsPage) Logins() string {
	if !strings.Contains(p.Filter, "auth_failed") {
		return ""
	}
	return loginsPath("", p.Filter, p.Since, p.Until)
}

// more is the address of the page after this one.
func (p *eventsPage) more(query url.Values) string {
	switch {
	case p.Complete:
		return ""
	case p.Oldest:
		query.Set("after", strconv.FormatUint(p.Next.After, 10))
	default:
		query.Set("to", strconv.FormatUint(p.Next.To, 10))
	}
	return "/events?" + query.Encode()
}

// oneEvent shows a record, as the API gives it.
func oneEvent(v *visit) (*shown, error) {
	seq, err := strconv.ParseUint(v.r.PathValue("seq"), 10, 63)
	if err != nil || seq == 0 {
		return nil, &problem{Status: 404, Title: "Nothing here", Detail: "an event is named by its sequence, a whole number from 1"}
	}
	var page eventsPage
	at := strconv.FormatUint(seq, 10)
	if err := v.ask("This event", "/v1/events", url.Values{"after": {strconv.FormatUint(seq-1, 10)}, "to": {at}}, &page); err != nil {
		return nil, err
	}
	if len(page.Items) == 0 {
		return nil, &problem{Status: 404, Title: "No such event", Detail: "the log has no event " + at + ": it is removed by retention, or not written yet"}
	}
	body := struct {
		Event        *event
		Before, Next uint64
	}{&page.Items[0], seq - 1, seq + 1}
	return &shown{template: "event", Title: "Event " + at, Body: body}, nil
}
