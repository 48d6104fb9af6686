package web

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Sizes of a chart of lanes, in pixels.
const (
	chartWidth  = 840
	chartLeft   = 10 // of the axis
	laneHeight  = 24
	laneTop     = 66
	leastWidth  = 3 // of what is drawn, however short it was
	maxLanes    = 40
	markSpacing = 9
)

// A chart is what a template draws of lanes.
type chart struct {
	Width, Height, Left, Right int
	Bottom                     int // of the lanes
	Ticks                      []tick
	Breaks                     []chartBreak
	Lanes                      []chartLane
	Marks                      []chartMark
	Kinds                      []markKind // of marks that there are
	Hidden                     int        // lanes that there was no room for
}

// A chartBreak is where the axis leaves out time.
type chartBreak struct {
	X, Width float64
	Text     string
	Last     bool // so its text ends with it
}

// A chartLane is a lane with its place.
type chartLane struct {
	*lane
	Y    int
	Bars []chartBar
	End  float64 // where its end is drawn; 0: it goes on
}

// A chartBar is a phase of a lane with its place.
type chartBar struct {
	phase
	X, Width float64
}

// A chartMark is a mark with its place.
type chartMark struct {
	mark
	X float64
}

// drawLanes places lanes and marks. It is nil if there is nothing to draw.
func drawLanes(v *visit, from, to time.Time, list []*lane, marks []mark) *chart {
	if len(list) == 0 && len(marks) == 0 || !from.Before(to) {
		return nil
	}
	c := &chart{Width: chartWidth, Left: chartLeft, Right: chartWidth - 10, Hidden: max(len(list)-maxLanes, 0)}
	list = list[:min(len(list), maxLanes)]
	s := newScale(span{from, to}, chartLeft, chartWidth-10, busySpans(span{from, to}, list, marks))
	for _, p := range s.pieces {
		if p.idle {
			c.Breaks = append(c.Breaks, chartBreak{p.x0, p.x1 - p.x0, duration(p.length().Truncate(time.Second)), p.Until.Equal(to)})
		}
	}
	c.Ticks = s.ticks(v.zone, 56)
	for i, l := range list {
		c.Lanes = append(c.Lanes, drawLane(s, l, laneTop+i*laneHeight))
	}
	last := float64(-markSpacing)
	for _, m := range marks {
		x := s.x(m.At)
		if x-last >= markSpacing || m.Kind != c.Marks[len(c.Marks)-1].Kind {
			c.Marks = append(c.Marks, chartMark{m, x})
			last = x
		}
	}
	for _, k := range markKinds {
		if slices.ContainsFunc(marks, func(m mark) bool { return m.Kind == k.Kind }) {
			c.Kinds = append(c.Kinds, k)
		}
	}
	c.Bottom = laneTop + len(list)*laneHeight
	c.Height = c.Bottom + 8
	return c
}

func drawLane(s *scale, l *lane, y int) chartLane {
	c := chartLane{lane: l, Y: y}
	for _, sp := range l.Phases {
		x := s.x(sp.From)
		c.Bars = append(c.Bars, chartBar{sp, x, max(s.x(sp.To)-x, leastWidth)})
	}
	// What is short, and so wider than it was, is not to be hidden by what came next.
	slices.SortStableFunc(c.Bars, func(a, b chartBar) int { return cmp.Compare(b.Width, a.Width) })
	if !l.Open() {
		c.End = s.x(l.Ended)
	}
	return c
}

// linesOf are the spans in which sessions are.
func linesOf(list []*lane) (all []span) {
	for _, l := range list {
		all = append(all, span{l.Phases[0].From, l.Phases[len(l.Phases)-1].To})
	}
	return all
}

// busySpans are those of a span in which something is, with a little time around each.
func busySpans(of span, list []*lane, marks []mark) []span {
	all := linesOf(list)
	for _, m := range marks {
		all = append(all, span{m.At, m.At})
	}
	around := of.length() / 2000
	for _, b := range union(all) {
		around += b.length() / 15
	}
	for i := range all {
		all[i] = span{all[i].Since.Add(-around), all[i].Until.Add(around)}
	}
	return all
}

// Says is what a lane says to whoever does not see it.
func (c chartLane) Says() string {
	end := "goes on"
	if !c.Open() {
		end = "ended: " + c.Reason
	}
	return fmt.Sprintf("%s, %s", c.Name(), end)
}

// Name is what a lane is called: by its resource, once it has one.
func (l *lane) Name() string {
	if l.Resource == "" {
		return "(no resource)"
	}
	return l.Resource
}
