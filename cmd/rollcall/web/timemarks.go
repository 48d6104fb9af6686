package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// maxMarks is how many of connectors there are, the newest.
const maxMarks = 100

// An incident is something that happened to many at once.
type incident struct {
	link           // to the moment
	Time time.Time // when it began
	X    string    // where it is on the curve, in percent
	Sign string    // by which it is drawn
	Kind string    // a class
	More link      // what tells more
}

// A storm is a figure of the API: accounts that came back together.
type storm struct {
	Began, Ended     time.Time
	CameBack         int `json:"came_back"`
	Cause, Connector string
}

// incidents are those of the span.
type incidents struct {
	List   []incident
	Cut    bool     // there are more than the newest
	Storms string   // where they are looked for; "": they have been
	Why    *problem // why not all are there
}

// markOf is how the events of connectors are drawn.
var markOf = map[string][2]string{"lost": {"✕", "bad"}, "stopped": {"▼", "wait"}, "started": {"▲", "good"}}

// mark asks for what happened to connectors in the span, and for storms.
func (p *timeline) mark() error {
	var page eventsPage
	m := &incidents{}
	p.Marks = m
	asked := newest("class:connector", maxMarks)
	asked.Set("since", p.Span.from(p.Span.Since))
	if p.Span.Until.Before(p.visit.now) {
		asked.Set("until", p.Span.upTo(p.Span.Until))
	}
	err := p.visit.ask("What became of connectors", "/v1/events", asked, &page)
	if err != nil {
		m.Why, err = here(err)
		return err
	}
	m.Cut = !page.Complete
	for i := range page.Items {
		e := &page.Items[i]
		sign, known := markOf[e.Became()]
		if !known {
			continue
		}
		m.List = append(m.List, p.marked(e.RecordedTime, incident{
			link: link{e.Place() + " " + e.Became(), p.address(url.Values{"at": {e.Seq()}, "from": {""}, "to": {""}})},
			Sign: sign[0], Kind: sign[1], More: link{"Event " + e.Seq(), "/events/" + e.Seq()},
		}))
	}
	if err := p.markStorms(); err != nil {
		return err
	}
	slices.SortStableFunc(m.List, func(a, b incident) int { return a.Time.Compare(b.Time) })
	return nil
}

// marked is an incident in its place.
func (p *timeline) marked(t time.Time, m incident) incident {
	m.Time, m.X = t, plain(percent(t, p.Span.Since, p.Span.Until))
	return m
}

// markStorms asks for storms if that is wanted, or the span is short: all of its records are
// read for them.
func (p *timeline) markStorms() error {
	wanted := p.visit.value("storms") != ""
	look := p.address(url.Values{"storms": {"look"}})
	if !p.Curve.Exact && !wanted {
		p.Marks.Storms = look
		return nil
	}
	patience := patienceOfPages
	if wanted {
		patience = maxDrawing
	}
	var answer struct {
		Items    []storm
		Complete bool
	}
	late, err := p.visit.askWithin(patience, "Storms", "/v1/stats/storms", p.asked(), &answer)
	if late {
		p.Marks.Storms = look
		return nil
	}
	if err != nil {
		p.Marks.Why, err = here(err)
		return err
	}
	p.Marks.Cut = p.Marks.Cut || !answer.Complete
	for _, s := range answer.Items {
		more := url.Values{"from": {s.Began.Add(-time.Minute).Format(time.RFC3339)}, "to": {s.Ended.Add(time.Second).Format(time.RFC3339)}, "at": {""}}
		p.Marks.List = append(p.Marks.List, p.marked(s.Began, incident{
			link: link{s.text(), p.address(url.Values{"at": {moment{Time: s.Ended}.String()}, "from": {""}, "to": {""}})},
			Sign: "●", Kind: "wait storm", More: link{"What changed", p.address(more)},
		}))
	}
	return nil
}

// text says what it was.
func (s *storm) text() string {
	text := fmt.Sprintf("%s came back within %s", count(strconv.Itoa(s.CameBack)), duration(max(s.Ended.Sub(s.Began), time.Second)))
	if s.Cause != "" {
		text += " after " + s.Cause
	}
	if s.Connector != "" {
		text += " at " + s.Connector
	}
	return text
}
