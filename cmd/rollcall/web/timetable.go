package web

import (
	"net/http"
	"net/url"
	"time"
)

// tablePage is how many sessions the page shows at once.
const tablePage = "100"

// A tableThen is the table of a moment.
type tableThen struct {
	At                                      uint64
	Whole                                   bool
	Accounts, Sessions, Available, Detached int
	Connectors                              []connector // that hold sessions
	Items                                   []session
	Next                                    string
	Event                                   *event // the newest of the moment; nil: none, or it is live
}

// Others are the sessions that are neither available nor waiting.
func (t *tableThen) Others() int { return max(t.Sessions-t.Available-t.Detached, 0) }

// tabulate has the table of the moment.
func (p *timeline) tabulate() (err error) {
	t, v := &tableThen{}, p.visit
	if p.NoTable = p.beyond(p.At); p.NoTable != nil {
		return nil
	}
	asked := url.Values{}
	if !p.At.Live() {
		asked.Set("at", p.At.String())
	}
	if err = v.ask("What the table adds up to", "/v1/table", asked, t); err == nil {
		asked.Set("limit", tablePage)
		if after := v.value("after"); after != "" {
			asked.Set("after", after)
		}
		err = v.ask("Its sessions", "/v1/sessions", asked, t)
	}
	if err == nil && !p.At.Live() && t.At > 0 {
		t.Event, err = v.eventAt(t.At)
	}
	if err != nil {
		p.NoTable, err = here(err)
		return err
	}
	p.Table = t
	return nil
}

// beyond is why there is no table at a moment, for the moments of which that is known.
func (p *timeline) beyond(m moment) *problem {
	if m.Seq > 0 || !m.Time.After(p.visit.now) {
		return nil
	}
	return &problem{Status: http.StatusBadRequest, Title: "Not yet", Detail: "This moment is in the future: nobody knows yet who will be online."}
}

// Before reports a moment before anything had happened.
func (p *timeline) Before() bool {
	return p.Table != nil && p.Table.At == 0 && !p.At.Live() && !p.Empty()
}

// Seq is the record that the table is of.
func (p *timeline) Seq() uint64 {
	if p.Table == nil {
		return p.At.Seq
	}
	return p.Table.At
}

// Instant is when the moment was: the time that was asked for, or of the record.
func (p *timeline) Instant() time.Time {
	if p.At.Live() {
		return p.visit.now
	}
	return p.At.Time
}

// A step is a link to a moment nearby. One that leads nowhere has no address.
type step struct {
	link
	Key, Name string // the key that does the same, and what the script knows it by
}

// Steps are those from the moment.
func (p *timeline) Steps() []step {
	to := func(m moment) string {
		if m.Seq == 0 && !m.Time.Before(p.visit.now) {
			return p.Live()
		}
		return p.address(url.Values{"at": {m.String()}, "from": {""}, "to": {""}})
	}
	by := func(d time.Duration) string {
		if t := p.Instant(); !t.IsZero() && (d < 0 || !p.At.Live()) {
			return to(moment{Time: t.Add(d)})
		}
		return ""
	}
	event := func(n int) string {
		seq := p.Seq()
		if n < 0 && seq > 1 || n > 0 && !p.At.Live() && seq < max(p.Log.Last, p.visit.position) {
			return to(moment{Seq: uint64(int64(seq) + int64(n))})
		}
		return ""
	}
	return []step{
		{link{"−1 h", by(-time.Hour)}, "", "hour-back"}, {link{"−1 min", by(-time.Minute)}, "", "minute-back"},
		{link{"Previous event", event(-1)}, "[", "back"}, {link{"Next event", event(1)}, "]", "forward"},
		{link{"+1 min", by(time.Minute)}, "", "minute-forward"}, {link{"+1 h", by(time.Hour)}, "", "hour-forward"},
	}
}

// Live is this page at now, and going on.
func (p *timeline) Live() string {
	return p.address(url.Values{"at": {""}, "from": {""}, "to": {""}, "since": {p.Span.from(p.visit.now.Add(-p.Span.length()))}})
}

// Next is this page with the sessions after those that are shown.
func (p *timeline) Next() string {
	if p.Table == nil || p.Table.Next == "" {
		return ""
	}
	at := p.At
	if at.Live() { // so that none is left out
		at = moment{Seq: p.Table.At}
	}
	return p.address(url.Values{"at": {at.String()}, "after": {p.Table.Next}})
}
