package web

import (
	"net/http"
	"net/url"
	"time"
)

// A pageSpan is the time that a page is about.
type pageSpan struct {
	span
	All  bool // from the beginning of the log
	Live bool // up to now
	page *visit
}

// read reads the parameters since, which may be all, and until. Without them it is the last
// so long.
func (s *pageSpan) read(v *visit, usual time.Duration) (err error) {
	s.page, s.All = v, v.value("since") == "all"
	if s.Until, err = v.timeOf("until"); err != nil {
		return err
	}
	if !s.All {
		if s.Since, err = v.timeOf("since"); err != nil {
			return err
		}
	}
	if s.Live = s.Until.IsZero(); s.Live {
		s.Until = v.now
	}
	switch {
	case s.All:
		return nil
	case s.Since.IsZero():
		s.Since = s.Until.Add(-usual)
	case !s.Since.Before(s.Until) || s.Since.After(v.now):
		return &problem{Status: http.StatusBadRequest, Title: "Bad Request", Parameter: "since", Detail: "since: it is before until, and not in the future"}
	}
	return nil
}

// query are the limits as the API takes them, so that all questions of a page are about one
// span.
func (s *pageSpan) query() url.Values {
	query := url.Values{}
	if !s.All {
		query.Set("since", exactly(s.Since))
	}
	if !s.Live {
		query.Set("until", exactly(s.Until))
	}
	return query
}

// closer is a part of the span of half its length or less: where something is or, if that
// is more, the newest of it.
func (s *pageSpan) closer(busy []span) span {
	d := s.length()
	list := union(busy)
	if len(list) == 0 {
		return span{s.Until.Add(-d / 2), s.Until}
	}
	first, last := s.clip(list[0].Since), s.clip(list[len(list)-1].Until)
	room := max(last.Sub(first)/10, shortestSpan/2)
	if last.Sub(first)+2*room > d/2 {
		return span{last.Add(-d/2 + d/40), last.Add(d / 40)}
	}
	return span{first.Add(-room), last.Add(room)}
}

// exactly is an instant in a query.
func exactly(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Others are spans up to now.
func (s *pageSpan) Others() (list []navLink) {
	for _, o := range []struct{ text, since string }{{"hour", "-1h"}, {"day", "-1d"}, {"week", "-7d"}, {"month", "-30d"}, {"all", "all"}} {
		asked := s.page.value("since")
		here := s.Live && (asked == o.since || asked == "" && o.since == "-7d")
		list = append(list, navLink{link{o.text, s.page.Here("since", o.since, "until", "")}, here})
	}
	return list
}

// moves are spans beside this one, a part of it in which the busy spans are, or the newest
// of them, and one around it.
func (s *pageSpan) moves(busy []span) (list []link) {
	if s.Since.IsZero() {
		return nil
	}
	add := func(text string, to span) {
		until := ""
		if to.Until.Before(s.page.now) {
			until = to.upTo(to.Until)
		}
		list = append(list, link{text, s.page.Here("since", to.from(to.Since), "until", until)})
	}
	d := s.length()
	add("‹ earlier", span{s.Since.Add(-d), s.Since})
	if !s.Live {
		add("later ›", span{s.Until, s.Until.Add(d)})
	}
	if d > shortestSpan {
		add("zoom in", s.closer(busy).within(s.page.now))
	}
	add("zoom out", span{s.Since.Add(-d / 2), s.Until.Add(d / 2)})
	return list
}
