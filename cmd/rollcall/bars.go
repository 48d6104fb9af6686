package main

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// barWidth is the width of the longest bar, in characters.
const barWidth = 24

// bar is a bar for a part of the most, of eighths of characters.
func bar(n, most float64) string {
	if n <= 0 || most <= 0 {
		return ""
	}
	eighths := max(int(math.Round(8*barWidth*n/most)), 1)
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return text
}

// sparkWidth is how many characters a sparkline has at most.
const sparkWidth = 60

// spark draws numbers as a line of bars. Of more than it has room for neighbors are put
// together, by the greatest.
func spark(numbers []float64) string {
	if len(numbers) > sparkWidth {
		each := (len(numbers) + sparkWidth - 1) / sparkWidth
		var few []float64
		for i, n := range numbers {
			if i%each == 0 {
				few = append(few, n)
			}
			few[len(few)-1] = max(few[len(few)-1], n)
		}
		numbers = few
	}
	most := 0.0
	for _, n := range numbers {
		most = max(most, n)
	}
	var b strings.Builder
	for _, n := range numbers {
		level := 0
		if n > 0 {
			level = max(int(math.Ceil(8*n/most)), 1)
		}
		b.WriteRune([]rune(" ▁▂▃▄▅▆▇█")[level])
	}
	return b.String()
}

// briefly is a duration of milliseconds in its two greatest units at most.
func briefly(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	const day = 24 * time.Hour
	switch {
	case d < time.Second:
		return d.String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return strings.TrimSuffix(d.Round(time.Second).String(), "0s")
	case d < day:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	d = d.Round(time.Hour)
	return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
}
