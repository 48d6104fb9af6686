package web

import (
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/chart/axis"
)

const (
	fewTicks  = 8
	fewLevels = 4
	aDay      = 24 * time.Hour
)

// A tick is a time that an axis names.
type tick struct {
	X    float64 // percent of the axis
	Text string
}

// ticksOf are those of a span. The ends of the axis have no room for any.
func ticksOf(since, until time.Time, zone *time.Location) (list []tick) {
	for _, t := range axis.Ticks(since, until, zone, fewTicks) {
		if x := percent(t.At, since, until); x > 2 && x < 98 {
			list = append(list, tick{x, t.Label})
		}
	}
	return list
}

// percent is where an instant is on an axis.
func percent(at, since, until time.Time) float64 {
	if !since.Before(until) {
		return 0
	}
	x := 100 * float64(at.Sub(since)) / float64(until.Sub(since))
	return min(max(float64(int(x*1000+.5))/1000, 0), 100)
}
