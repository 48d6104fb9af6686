package chart

import (
	"fmt"
	"strings"
	"time"
)

const day = 24 * time.Hour

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
