package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A timeline is the page Time: a curve of how many were online, which is a slider too, and
// the table of the moment that it stands at, or what differs between two.
type timeline struct {
	visit    *visit
	Span     span
	At       moment // that the table is of
	From, To moment // that are compared, if From is not live
	known    *event // that was asked for last
	Log      logState
	Curve    *curve   // nil where only the table is asked for
	NoCurve  *problem // why there is none
	Late     string   // where there is one that takes long
	Marks    *incidents
	Table    *tableThen
	Compared *compared
	second   uint64   // record after which the second moment is; 0: not known
	NoTable  *problem // why there is neither
}

// A logState is how far the log reaches.
type logState struct {
	First     uint64 `json:"first_seq"`
	FirstTime stamp  `json:"first_time"`
	Last      uint64 `json:"last_seq"`
	Records   uint64 `json:"records"`
}

// Comparing reports that two moments are looked at, and not the table of one.
func (p *timeline) Comparing() bool { return !p.From.Live() }

// Live reports that the page is of now, and follows it.
func (p *timeline) Live() bool { return p.At.Live() && !p.Comparing() }

// Speeds are how many times faster than it was time may be played.
func (p *timeline) Speeds() []int { return []int{1, 10, 60, 300, 900, 3600} }

// Empty reports that nothing has happened yet. What is known of the log may be some seconds
// old, the position is not.
func (p *timeline) Empty() bool { return p.Log.Records == 0 && p.visit.position == 0 }

// begins is when the log begins, as far as it is known.
func (p *timeline) begins() time.Time {
	if p.Log.FirstTime.IsZero() {
		return p.Span.Since
	}
	return p.Log.FirstTime.Truncate(time.Second)
}

// timePage answers with the page, or, to the script that moves the slider, with what depends
// on the moment.
func timePage(v *visit) (*shown, error) {
	p := &timeline{visit: v}
	if err := p.read(); err != nil {
		return nil, err
	}
	s := &shown{template: "time", Title: "Time", Body: p, Script: "time.mjs", parts: []string{"moment", "chart"}}
	s.Live, s.Waits = "?class=session,presence", !p.Live()
	return s, nil
}

func (p *timeline) read() (err error) {
	v := p.visit
	if v.part() != "moment" {
		if err = v.ask("How far the log reaches", "/v1/log", nil, &p.Log); err != nil || p.Empty() {
			return err
		}
	}
	for name, m := range map[string]*moment{"at": &p.At, "from": &p.From, "to": &p.To} {
		if *m, err = v.momentOf(name); err != nil {
			return err
		}
		if err = p.locate(m); err != nil {
			return err
		}
	}
	if p.Span, err = v.spanOf(p.At, p.From, p.To); err != nil {
		return err
	}
	if v.part() != "moment" {
		if err = p.draw(); err != nil {
			return err
		}
	}
	switch {
	case v.part() == "chart":
		return nil
	case p.Comparing():
		return p.compare()
	}
	return p.tabulate()
}

// locate finds out when the record of a moment was stored.
func (p *timeline) locate(m *moment) error {
	if m.Seq == 0 {
		return nil
	}
	e, err := p.eventAt(m.Seq)
	if e != nil {
		m.Time = e.RecordedTime
	}
	return err
}

// eventAt is visit.eventAt, which is asked once for each record.
func (p *timeline) eventAt(seq uint64) (*event, error) {
	if p.known != nil && p.known.Seq() == strconv.FormatUint(seq, 10) {
		return p.known, nil
	}
	e, err := p.visit.eventAt(seq)
	p.known = e
	return e, err
}

// eventAt is the event of a record; nil if there is none.
func (v *visit) eventAt(seq uint64) (*event, error) {
	var page struct{ Items []event }
	n := strconv.FormatUint(seq, 10)
	err := v.ask("The event", "/v1/events", url.Values{"after": {strconv.FormatUint(seq-1, 10)}, "to": {n}, "limit": {"1"}}, &page)
	if err != nil || len(page.Items) == 0 {
		return nil, err
	}
	return &page.Items[0], nil
}

// here is a problem that the page shows in its place; of others the page is made.
func here(err error) (*problem, error) {
	p, ok := errors.AsType[*problem](err)
	if !ok || p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden {
		return nil, err
	}
	return p, nil
}

// address is this page with some parameters, and the others as they are; empty ones are left
// out.
func (p *timeline) address(changes url.Values) string {
	query := url.Values{}
	query.Set("since", p.Span.from(p.Span.Since))
	query.Set("until", p.Span.upTo(p.Span.Until))
	for name, m := range map[string]moment{"at": p.At, "from": p.From, "to": p.To} {
		query.Set(name, m.String())
	}
	for name := range changes {
		query.Set(name, changes.Get(name))
	}
	if changes.Has("since") && !changes.Has("until") {
		query.Del("until")
	}
	for name := range query {
		if query.Get(name) == "" {
			query.Del(name)
		}
	}
	return "/time?" + strings.ReplaceAll(query.Encode(), "%3A", ":")
}
