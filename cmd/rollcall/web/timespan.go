package web

import (
	"net/url"
	"time"
)

const (
	usualSpan    = 24 * time.Hour
	shortestSpan = 10 * time.Second
	fineSpan     = 100 * time.Second // up to which fractions of seconds matter
)

// A span is what the curve is of.
type span struct{ Since, Until time.Time }

func (s span) length() time.Duration { return s.Until.Sub(s.Since) }

// has reports an instant of the span.
func (s span) has(t time.Time) bool { return !t.Before(s.Since) && !t.After(s.Until) }

// within is a span of the same length that ends now at the latest.
func (s span) within(now time.Time) span {
	if late := s.Until.Sub(now); late > 0 {
		return span{s.Since.Add(-late), now}
	}
	return s
}

// around is a span about the centre of another.
func around(centre time.Time, length time.Duration, now time.Time) span {
	return span{centre.Add(-length / 2), centre.Add(length / 2)}.within(now)
}

// spanOf is the span that the address names or, without one, a day with the moments that
// are looked at, the last one if it has them.
func (v *visit) spanOf(moments ...moment) (s span, err error) {
	if s.Since, err = v.timeOf("since"); err != nil {
		return s, err
	}
	if s.Until, err = v.timeOf("until"); err != nil {
		return s, err
	}
	named := !s.Since.IsZero() || !s.Until.IsZero()
	if s.Until.IsZero() || s.Until.After(v.now) {
		s.Until = v.now
	}
	if s.Since.IsZero() {
		s.Since = s.Until.Add(-usualSpan)
	}
	if s.length() < shortestSpan {
		s.Since = s.Until.Add(-shortestSpan)
	}
	if named {
		return s, nil
	}
	return s.reaching(moments, v.now), nil
}

// reaching is the span if it has all moments of the past. If not it moves to the one, or is
// as long as several need.
func (s span) reaching(moments []moment, now time.Time) span {
	var all span
	for _, m := range moments {
		t := m.Time
		if t.IsZero() || t.After(now) {
			continue
		}
		if all.Since.IsZero() || t.Before(all.Since) {
			all.Since = t
		}
		if t.After(all.Until) {
			all.Until = t
		}
	}
	switch margin := all.length() / 10; {
	case all.Since.IsZero() || s.has(all.Since) && s.has(all.Until):
		return s
	case margin == 0:
		return around(all.Since, s.length(), now)
	default:
		return span{all.Since.Add(-margin), all.Until.Add(margin)}.within(now)
	}
}

// A zoom is another span that the curve may be of.
type zoom struct {
	link
	Name string
}

// Zooms are those that a click leads to, about the moment that is looked at.
func (p *timeline) Zooms() []zoom {
	centre, length := p.Span.Since.Add(p.Span.length()/2), p.Span.length()
	if t := p.Instant(); !t.IsZero() && !p.Comparing() {
		centre = t
	}
	now := p.visit.now
	to := func(name, text string, s span) zoom { return zoom{link{text, p.spanning(s)}, name} }
	return []zoom{
		to("in", "In", around(centre, max(length/2, shortestSpan), now)), to("out", "Out", around(centre, 2*length, now)),
		to("earlier", "Earlier", span{p.Span.Since.Add(-length / 2), p.Span.Until.Add(-length / 2)}),
		to("later", "Later", span{p.Span.Since.Add(length / 2), p.Span.Until.Add(length / 2)}.within(now)),
		to("hour", "Hour", around(centre, time.Hour, now)), to("day", "Day", around(centre, aDay, now)), to("week", "Week", around(centre, 7*aDay, now)),
		to("all", "All", span{p.begins(), now}),
	}
}

// spanning is this page with the curve of another span.
func (p *timeline) spanning(s span) string {
	query := url.Values{}
	query.Set("since", s.from(s.Since))
	query.Set("until", s.upTo(s.Until))
	if p.At.Live() && !s.Until.Before(p.visit.now) { // it goes on
		query.Del("until")
	}
	return p.address(query)
}

// from and upTo are an instant as addresses have it, of the span's beginning and of others:
// to the second where the span is long.
func (s span) from(t time.Time) string { return t.UTC().Truncate(s.grain()).Format(time.RFC3339Nano) }

func (s span) upTo(t time.Time) string { return s.from(t.Add(s.grain() - 1)) }

func (s span) grain() time.Duration {
	if s.length() > fineSpan {
		return time.Second
	}
	return time.Millisecond
}
