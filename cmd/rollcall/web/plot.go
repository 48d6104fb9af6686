package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/chart/axis"
)

// The size of a plot in its own units; a page stretches it in its width alone.
const (
	plotWide = 1000
	plotHigh = 180
)

// A plot is a drawing of numbers over time: bars that stand on each other, a step each.
// Whoever can't see it has the table beside it.
type plot struct {
	Title  string
	Series []series
	Ticks  []tick
	Levels []plotLevel
}

// A series is what one hue and pattern is of.
type series struct {
	Name  string
	Class string // of the style sheet; "": that of its place
	Path  string
	Says  string // what the numbers come to
	of    []int  // a number a step
	level bool   // they are how many there were, of which the most counts, and not how often something happened
}

// A plotLevel is a number that the axis names.
type plotLevel struct {
	Y    float64 // in units of the plot
	Text string
}

// plotOf draws series whose steps begin at since, and have one length.
func plotOf(title string, since, until time.Time, step time.Duration, zone *time.Location, all []series) plot {
	p := plot{Title: title, Ticks: ticksOf(since, until, zone)}
	steps := 0
	for i := range all {
		steps = max(steps, len(all[i].of))
	}
	most, under := 0, make([]int, steps)
	for i := range all {
		for at, n := range all[i].of {
			under[at] += n
			most = max(most, under[at])
		}
	}
	top, each := axis.Top(most, fewLevels)
	for n := 0; n <= top; n += each {
		p.Levels = append(p.Levels, plotLevel{plotHigh * (1 - float64(n)/float64(top)), count(n)})
	}
	clear(under)
	for i := range all {
		s := all[i]
		if s.Class == "" {
			s.Class = fmt.Sprintf("series-%d", i+1)
		}
		var path strings.Builder
		total, most := 0, 0
		for at, n := range s.of {
			total, most = total+n, max(most, n)
			if n == 0 {
				continue
			}
			begin := since.Add(time.Duration(at) * step)
			left, right := plotX(begin, since, until), plotX(begin.Add(step), since, until)
			bottom := plotHigh * (1 - float64(under[at])/float64(top))
			high := plotHigh * float64(n) / float64(top)
			fmt.Fprintf(&path, "M%.1f %.1fH%.1fv%.1fH%.1fz", left, bottom, max(right, left+.6), -high, left)
			under[at] += n
		}
		s.Path, s.Says = path.String(), count(total)
		if s.level {
			s.Says = "at most " + count(most)
		}
		p.Series = append(p.Series, s)
	}
	return p
}

func plotX(at, since, until time.Time) float64 { return percent(at, since, until) / 100 * plotWide }

// Words say what is drawn.
func (p *plot) Words() string {
	var parts []string
	for _, s := range p.Series {
		parts = append(parts, s.Name+": "+s.Says)
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, "; ")
}
