package web

import (
	"net/url"
	"time"
)

// A compared is what differs between two moments.
type compared struct {
	Whole    bool
	Complete bool
	Next     string
	Items    []change
}

// A change is how one session differs.
type change struct {
	Change        string
	Before, After *session
	Differences   []string
	Ended         stamp // zero: it goes on, or nobody knows when
	Reason, By    string
}

// Session is as it was last.
func (c *change) Session() *session {
	if c.After != nil {
		return c.After
	}
	return c.Before
}

// compare has what differs.
func (p *timeline) compare() (err error) {
	v, c := p.visit, &compared{}
	for _, m := range [...]moment{p.From, p.To} {
		if p.NoTable = p.beyond(m); p.NoTable != nil {
			return nil
		}
	}
	asked := url.Values{"from": {p.From.String()}, "limit": {tablePage}}
	if !p.To.Live() {
		asked.Set("to", p.To.String())
	}
	if after := v.value("after"); after != "" {
		asked.Set("after", after)
	}
	if err = v.ask("What differs", "/v1/diff", asked, c); err != nil {
		p.NoTable, err = here(err)
		return err
	}
	p.Compared = c
	return nil
}

// Compare is this page with what differs between its moment and the end of the curve.
func (p *timeline) Compare() string {
	from, to := p.At, moment{Time: p.Span.Until}
	switch {
	case from.Live():
		from, to = moment{Time: p.Span.Since.Truncate(time.Second)}, moment{}
	case !p.Span.Until.Before(p.visit.now) || !p.Span.has(from.Time):
		to = moment{}
	}
	return p.address(url.Values{"at": {""}, "from": {from.String()}, "to": {to.String()}})
}

// Single is this page with the table of one of the moments that are compared.
func (p *timeline) Single(m moment) string {
	return p.address(url.Values{"at": {m.String()}, "from": {""}, "to": {""}})
}
