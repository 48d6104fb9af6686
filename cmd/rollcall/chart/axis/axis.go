// Package axis finds the numbers and times that the axes of charts name.
package axis

import "time"

const day = 24 * time.Hour

// Top is the round number that an axis from 0 to at least most ends with, and the step
// between those that it names: 1, 2 or 5 with zeros, of which it has at most few. Top is
// never 0.
func Top(most, few int) (top, step int) {
	step = 1
	for factor, i := [...]int{2, 5, 10}, 0; (most+step-1)/step > few; i++ {
		decade := 1
		for range i / 3 {
			decade *= 10
		}
		step = factor[i%3] * decade
	}
	return max((most+step-1)/step, 1) * step, step
}

// A Tick is a time that an axis names.
type Tick struct {
	At    time.Time
	Label string
}

// steps are those between the ticks of an axis.
var steps = [...]time.Duration{
	time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 4 * day, 7 * day, 14 * day, 30 * day, 90 * day,
}

// Ticks are those of a span: at round times of the zone, few of them or one more.
func Ticks(since, until time.Time, zone *time.Location, few int) (list []Tick) {
	each := 365 * day
	for _, d := range steps {
		if until.Sub(since) <= time.Duration(few)*d {
			each = d
			break
		}
	}
	y, m, d := since.In(zone).Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, zone)
	for i := int(since.Sub(midnight)/each) - 1; ; i++ { // a day of 25 hours has one more that has passed than its clocks show
		at := midnight.Add(time.Duration(i) * each)
		if each > time.Hour { // a day may have 23 hours, or 25; shorter steps stay round, and go through an hour that comes twice
			at = time.Date(y, m, d, 0, 0, i*int(each/time.Second), 0, zone)
		}
		switch {
		case at.After(until):
			return list
		case !at.Before(since):
			list = append(list, Tick{at, label(at, each)})
		}
	}
}

// label is a time as the axis has it.
func label(at time.Time, each time.Duration) string {
	switch h, m, s := at.Clock(); {
	case each >= day, h+m+s == 0:
		return at.Format("2 Jan")
	case each < time.Minute:
		return at.Format("15:04:05")
	}
	return at.Format("15:04")
}
