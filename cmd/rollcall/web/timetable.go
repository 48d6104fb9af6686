package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// tablePage is how many sessions the page shows at once: more than a window has room for, and
// few enough that they are drawn at once while somebody moves the slider.
const tablePage = "50"

// A tableThen is the table of a moment.
type tableThen struct {
	At                 uint64
	Whole              bool
	Accounts, Sessions int
	States             stateCounts
	Connectors         []connector // that hold sessions
	Items              []session
	Next               string
	Event              *event // the newest of the moment; nil: none, or it is live
}

// Few are the first of the connectors.
func (t *tableThen) Few() []connector { return t.Connectors[:min(len(t.Connectors), 4)] }

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
		t.Event, err = p.eventAt(t.At)
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

// Seq is the record that the table is of, or the second of two moments.
func (p *timeline) Seq() uint64 {
	switch _, m := p.moving(); {
	case p.Table != nil:
		return p.Table.At
	case m.Seq == 0:
		return p.second
	default:
		return m.Seq
	}
}

// moving is the moment that steps lead away from, and the parameter that names it: the
// table's, or the second of two.
func (p *timeline) moving() (name string, m moment) {
	if p.Comparing() {
		return "to", p.To
	}
	return "at", p.At
}

// Instant is when the moment was: the time that was asked for, or of the record.
func (p *timeline) Instant() time.Time { return p.instant(p.At) }

// A step is a link to a moment nearby. One that leads nowhere has no address.
type step struct {
	link
	Name string // by which the script knows it
}

// Steps are those from the moment.
func (p *timeline) Steps() []step {
	return []step{
		{link{"−1 h", p.later(-time.Hour)}, "hour-back"}, {link{"−1 min", p.later(-time.Minute)}, "minute-back"},
		{link{"Previous event", p.event(-1)}, "back"}, {link{"Next event", p.event(1)}, "forward"},
		{link{"+1 min", p.later(time.Minute)}, "minute-forward"}, {link{"+1 h", p.later(time.Hour)}, "hour-forward"},
	}
}

// later is this page some time later or, less than 0, earlier; "" beyond now. The curve is of
// that time, too.
func (p *timeline) later(d time.Duration) string {
	name, m := p.moving()
	from := p.instant(m)
	t := from.Add(d)
	switch {
	case from.IsZero() || m.Live() && d > 0:
		return ""
	case !t.Before(p.visit.now):
		return p.toNow()
	}
	changes := url.Values{name: {moment{Time: t}.String()}}
	if !p.Span.has(t) {
		s := around(t, p.Span.length(), p.visit.now)
		changes.Set("since", s.from(s.Since))
		changes.Set("until", s.upTo(s.Until))
	}
	return p.address(changes)
}

// event is this page after an event near the one that it is of; "" if there is none.
func (p *timeline) event(n int64) string {
	name, m := p.moving()
	seq := int64(p.Seq()) + n
	if seq < 1 || n > 0 && (m.Live() || p.Seq() == 0 || uint64(seq) > max(p.Log.Last, p.visit.position)) {
		return ""
	}
	return p.address(url.Values{name: {strconv.FormatInt(seq, 10)}})
}

// toNow is this page with the moment that moves at now.
func (p *timeline) toNow() string {
	if p.Comparing() {
		return p.address(url.Values{"to": {""}, "since": {p.Span.from(p.Span.Since)}})
	}
	return p.ToLive()
}

// ToLive is this page at now, and going on.
func (p *timeline) ToLive() string {
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
