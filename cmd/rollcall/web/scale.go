package web

import (
	"cmp"
	"slices"
	"time"
)

// A scale places instants on the axis of a chart. Spans in which nothing is are short on
// it, with a visible break.
type scale struct {
	pieces []piece
}

// A piece of a scale is linear. In one that is a break nothing is drawn.
type piece struct {
	span
	x0, x1 float64
	idle   bool
}

// What of an axis is a break: idle time that would take a third of it or more, were it
// drawn as long as it is. There are not too many, so that there is room for the rest.
const (
	breakWidth = 26
	maxBreaks  = 8
)

// newScale spreads a span over an axis, with breaks where none of the busy spans is.
func newScale(of span, x0, x1 float64, busy []span) *scale {
	s := &scale{}
	at := of.Since
	for _, idle := range breaksIn(of, union(busy)) {
		if at.Before(idle.Since) {
			s.pieces = append(s.pieces, piece{span: span{at, idle.Since}})
		}
		s.pieces = append(s.pieces, piece{span: idle, idle: true})
		at = idle.Until
	}
	if at.Before(of.Until) {
		s.pieces = append(s.pieces, piece{span: span{at, of.Until}})
	}
	s.place(x0, x1)
	return s
}

// breaksIn are the long spans in which none of others is, which have an order and no
// overlaps.
func breaksIn(of span, busy []span) (list []span) {
	at, total := of.Since, time.Duration(0)
	for _, b := range append(busy, span{of.Until, of.Until}) {
		from, to := of.clip(b.Since), of.clip(b.Until)
		if at.Before(from) {
			list = append(list, span{at, from})
		}
		total += to.Sub(from)
		at = to
	}
	list = slices.DeleteFunc(list, func(s span) bool { return total == 0 || s.length() <= total/2 })
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(b.length(), a.length()) })
	list = list[:min(len(list), maxBreaks)]
	slices.SortFunc(list, func(a, b span) int { return a.Since.Compare(b.Since) })
	return list
}

// place gives breaks their width, and the rest to the others by their length.
func (s *scale) place(x0, x1 float64) {
	room, length := x1-x0, time.Duration(0)
	for _, p := range s.pieces {
		if p.idle {
			room -= breakWidth
		} else {
			length += p.length()
		}
	}
	for i := range s.pieces {
		p := &s.pieces[i]
		width := float64(breakWidth)
		if !p.idle {
			width = room * float64(p.length()) / float64(max(length, 1))
		}
		p.x0, p.x1 = x0, x0+width
		x0 = p.x1
	}
}

// x is where an instant is.
func (s *scale) x(t time.Time) float64 {
	for _, p := range s.pieces {
		if t.Before(p.Until) {
			share := float64(max(t.Sub(p.Since), 0)) / float64(p.length())
			return p.x0 + share*(p.x1-p.x0)
		}
	}
	if n := len(s.pieces); n > 0 {
		return s.pieces[n-1].x1
	}
	return 0
}

// union are spans in their order, without overlaps.
func union(list []span) (all []span) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b span) int { return a.Since.Compare(b.Since) })
	for _, s := range list {
		if n := len(all); n > 0 && !s.Since.After(all[n-1].Until) {
			if s.Until.After(all[n-1].Until) {
				all[n-1].Until = s.Until
			}
			continue
		}
		all = append(all, s)
	}
	return all
}

// clip is the instant of the span that is nearest to another.
func (s span) clip(t time.Time) time.Time {
	if t.Before(s.Since) {
		return s.Since
	}
	if t.After(s.Until) {
		return s.Until
	}
	return t
}

// ticks are those of the axis in a zone, at least so far from each other.
func (s *scale) ticks(zone *time.Location, apart float64) (list []tick) {
	for _, p := range s.pieces {
		if p.idle {
			continue
		}
		for _, t := range ticksOf(p.Since, p.Until, zone) {
			if t.X = p.x0 + t.X/100*(p.x1-p.x0); len(list) == 0 || t.X-list[len(list)-1].X >= apart {
				list = append(list, t)
			}
		}
	}
	date(list)
	return list
}
