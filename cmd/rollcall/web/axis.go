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
	Date string // in a second line, where the time alone does not tell; ""
	at   time.Time
}

// ticksOf are those of a span. The ends of the axis have no room for any.
func ticksOf(since, until time.Time, zone *time.Location) (list []tick) {
	for _, t := range axis.Ticks(since, until, zone, fewTicks) {
		if x := percent(t.At, since, until); x > 2 && x < 98 {
			list = append(list, tick{X: x, Text: t.Label, at: t.At})
		}
	}
	date(list)
	return list
}

// date gives ticks the date, or the year, that the ones before them do not tell.
func date(list []tick) {
	day, year := "", 0
	for i := range list {
		t := &list[i]
		t.Date = ""
		today := t.at.Format("2 Jan")
		switch newYear := t.at.Year() != year; {
		case t.Text == today && newYear:
			t.Date = t.at.Format("2006")
		case t.Text != today && newYear:
			t.Date = t.at.Format("2 Jan 2006")
		case t.Text != today && today != day:
			t.Date = today
		}
		day, year = today, t.at.Year()
	}
}

// percent is where an instant is on an axis.
func percent(at, since, until time.Time) float64 {
	if !since.Before(until) {
		return 0
	}
	x := 100 * float64(at.Sub(since)) / float64(until.Sub(since))
	return min(max(float64(int(x*1000+.5))/1000, 0), 100)
}
