package web

import (
	"net/url"
	"time"
)

// A compared is what differs between two moments.
type compared struct {
	Whole              bool
	Gone, New, Changed int // in all
	Next               string
	Items              []change
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
	for _, name := range [...]string{"after", "change"} {
		if value := v.value(name); value != "" {
			asked.Set(name, value)
		}
	}
	if err = v.ask("What differs", "/v1/diff", asked, c); err != nil {
		p.NoTable, err = here(err)
		return err
	}
	p.Compared = c
	return p.place()
}

// place finds out after which record the second moment is, from which the next is a step.
func (p *timeline) place() error {
	if p.To.Live() {
		p.second = p.visit.position
		return nil
	}
	if p.To.Seq > 0 {
		return nil
	}
	var t tableThen
	err := p.visit.ask("Where the second moment is in the log", "/v1/table", url.Values{"at": {p.To.String()}}, &t)
	p.second = t.At
	return err
}

// Apart is how long there is between the moments; "" if that is not known.
func (p *timeline) Apart() string {
	from, to := p.instant(p.From), p.instant(p.To)
	if from.IsZero() || !from.Before(to) {
		return ""
	}
	return duration(to.Sub(from))
}

// Events is the list of what happened between the moments.
func (p *timeline) Events() string {
	query := url.Values{"since": {p.instant(p.From).UTC().Format(time.RFC3339Nano)}, "order": {"asc"}}
	if !p.To.Live() {
		query.Set("until", p.instant(p.To).UTC().Format(time.RFC3339Nano))
	}
	return "/events?" + query.Encode()
}

// A kind is one of changes, with how many there are.
type kind struct {
	link
	Count int
	Here  bool // these alone are listed
}

// Kinds are those of changes, each with a link to them alone.
func (p *timeline) Kinds() []kind {
	c, here := p.Compared, p.visit.value("change")
	all := []kind{{link{"came", "new"}, c.New, false}, {link{"went", "gone"}, c.Gone, false}, {link{"changed", "changed"}, c.Changed, false}}
	for i := range all {
		k := &all[i]
		if k.Here = k.To == here; k.Here {
			k.To = ""
		}
		k.To = p.address(url.Values{"change": {k.To}})
	}
	return all
}

// words of the kinds of changes, and the classes of their marks.
var changeOf = map[string][2]string{"new": {"came", "good"}, "gone": {"went", "bad"}, "changed": {"changed", "wait"}}

// Word is what happened to the session, and Mark the class of its mark.
func (c *change) Word() string { return changeOf[c.Change][0] }

// Mark is the class of the change's mark.
func (c *change) Mark() string { return changeOf[c.Change][1] }

// NextChanges is this page with the changes after those that are shown.
func (p *timeline) NextChanges() string {
	if p.Compared == nil || p.Compared.Next == "" {
		return ""
	}
	return p.address(url.Values{"after": {p.Compared.Next}, "change": {p.visit.value("change")}})
}

// Compare is this page with what differs between its moment, or the beginning of the curve,
// and the end of that, which is now if it goes on.
func (p *timeline) Compare() string {
	from, to := p.At, moment{Time: p.Span.Until}
	if from.Live() {
		from = moment{Time: p.Span.Since.Truncate(p.Span.grain())}
	}
	changes := url.Values{"at": {""}, "from": {from.String()}}
	switch { // a curve up to now has no end in its address
	case !p.Span.has(from.Time):
		to = moment{}
		changes.Set("since", "")
	case !p.Span.Until.Before(p.visit.now):
		to = moment{}
		changes.Set("since", p.Span.from(p.Span.Since))
	}
	changes.Set("to", to.String())
	return p.address(changes)
}

// Single is this page with the table of one of the moments that are compared.
func (p *timeline) Single(m moment) string {
	return p.address(url.Values{"at": {m.String()}, "from": {""}, "to": {""}})
}
