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

// sparkWidth is how many characters a sparkline has at most, where there is room.
const sparkWidth = 60

// sparkRoom is how many there are room for beside the other columns of a table.
func (c *console) sparkRoom() int {
	const others = 45
	if screen := c.columns(); screen > 0 {
		return min(max(screen-others, 10), sparkWidth)
	}
	return sparkWidth
}

// spark draws numbers as a line of bars, none as a dot. Of more than there is room for
// neighbors are put together, by the greatest.
func spark(numbers []float64, room int) string {
	if len(numbers) > room {
		each := (len(numbers) + room - 1) / room
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
		b.WriteRune([]rune("·▁▂▃▄▅▆▇█")[level])
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
		return inTwo(d.Round(time.Second), time.Minute, "m", time.Second, "s")
	case d < day:
		return inTwo(d.Round(time.Minute), time.Hour, "h", time.Minute, "m")
	}
	return inTwo(d.Round(time.Hour), day, "d", time.Hour, "h")
}

// inTwo is a duration in two units, or in one if the lesser has nothing.
func inTwo(d, great time.Duration, greatName string, less time.Duration, lessName string) string {
	text := fmt.Sprintf("%d%s", d/great, greatName)
	if rest := d % great / less; rest > 0 {
		text += fmt.Sprintf("%d%s", rest, lessName)
	}
	return text
}
