package chart

import (
	"fmt"
	"strings"
	"time"
)

const (
	fewLevels = 5
	fewTicks  = 9
	day       = 24 * time.Hour
)

// levelsOf are the lines of an axis from 0 to at least some number, at multiples of 1, 2 or 5 with
// zeros.
func levelsOf(most int) []int {
	step := 1
	for factor, i := [...]int{2, 5, 10}, 0; (most+step-1)/step > fewLevels; i++ {
		decade := 1
		for range i / 3 {
			decade *= 10
		}
		step = factor[i%3] * decade
	}
	levels := []int{0}
	for n := step; n-step < most || n == step; n += step {
		levels = append(levels, n)
	}
	return levels
}

// A tick is a time that the axis names.
type tick struct {
	at    time.Time
	label string
}

// ticksOf are those of a span: at round times of the zone, and not too many.
func ticksOf(since, until time.Time, zone *time.Location) (list []tick) {
	each := 365 * day
	for _, d := range [...]time.Duration{
		time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 4 * day, 7 * day, 14 * day, 30 * day, 90 * day,
	} {
		if until.Sub(since) <= fewTicks*d {
			each = d
			break
		}
	}
	y, m, d := since.In(zone).Date()
	for i := 0; ; i++ {
		at := time.Date(y, m, d, 0, 0, 0, 0, zone).Add(time.Duration(i) * each)
		if each >= day { // a day may have 23 hours, or 25
			at = time.Date(y, m, d+i*int(each/day), 0, 0, 0, 0, zone)
		}
		switch {
		case at.After(until):
			return list
		case !at.Before(since):
			list = append(list, tick{at, label(at, each)})
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

// stepName is a step in words.
func stepName(step time.Duration) string {
	switch step {
	case time.Second:
		return "second"
	case time.Minute:
		return "minute"
	case time.Hour:
		return "hour"
	case day:
		return "day"
	}
	if step%day == 0 {
		return grouped(int(step/day)) + " days"
	}
	var words []string
	if h := step / time.Hour; h > 0 {
		words = append(words, fmt.Sprintf("%d h", h))
	}
	if m := step % time.Hour / time.Minute; m > 0 {
		words = append(words, fmt.Sprintf("%d min", m))
	}
	if s := step % time.Minute; s > 0 {
		words = append(words, fmt.Sprintf("%g s", s.Seconds()))
	}
	return strings.Join(words, " ")
}
