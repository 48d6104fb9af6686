package web

import "time"

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

// ticksOf are the round times of a zone in a span, not too many.
func ticksOf(since, until time.Time, zone *time.Location) (list []tick) {
	each := 365 * aDay
	for _, d := range [...]time.Duration{
		time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, aDay, 2 * aDay, 4 * aDay, 7 * aDay, 14 * aDay, 30 * aDay, 90 * aDay,
	} {
		if until.Sub(since) <= fewTicks*d {
			each = d
			break
		}
	}
	year, month, day := since.In(zone).Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, zone)
	first := int(since.Sub(midnight) / each)
	for i := first; ; i++ {
		at := midnight.Add(time.Duration(i) * each)
		if each >= aDay { // a day may have 23 hours, or 25
			at = time.Date(year, month, day+i*int(each/aDay), 0, 0, 0, 0, zone)
		}
		if at.After(until) {
			return list
		}
		if x := percent(at, since, until); !at.Before(since) && x > 2 && x < 98 {
			list = append(list, tick{x, tickText(at, each)})
		}
	}
}

func tickText(at time.Time, each time.Duration) string {
	switch h, m, s := at.Clock(); {
	case each >= aDay, h+m+s == 0:
		return at.Format("2 Jan")
	case each < time.Minute:
		return at.Format("15:04:05")
	}
	return at.Format("15:04")
}

// percent is where an instant is on an axis.
func percent(at, since, until time.Time) float64 {
	if !since.Before(until) {
		return 0
	}
	x := 100 * float64(at.Sub(since)) / float64(until.Sub(since))
	return min(max(float64(int(x*1000+.5))/1000, 0), 100)
}

// topOf is the round number that an axis ends with, and its step, 1, 2 or 5 with zeros.
func topOf(most int) (top, step int) {
	step = 1
	for factor, i := [...]int{2, 5, 10}, 0; (most+step-1)/step > fewLevels; i++ {
		decade := 1
		for range i / 3 {
			decade *= 10
		}
		step = factor[i%3] * decade
	}
	return max((most+step-1)/step, 1) * step, step
}
