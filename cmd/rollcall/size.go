package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// Counts, sizes and times as people read and write them.

// plural is "1 account", "2 accounts".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// units are those of sizes, the largest first. Those without an i are decimal, and a
// letter alone is what disks and NATS take it for.
var units = []struct {
	name  string
	bytes float64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3},
	{"T", 1 << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"B", 1}, {"", 1},
}

// parseSize reads 16GiB, 500 MB or 1.5G, in bytes; more than 0.
func parseSize(s string) (int64, error) {
	text := strings.TrimSpace(s)
	for _, u := range units {
		if len(text) < len(u.name) || !strings.EqualFold(text[len(text)-len(u.name):], u.name) {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(text[:len(text)-len(u.name)]), 64)
		if n *= u.bytes; err == nil && n >= 1 && n < math.MaxInt64 {
			return int64(n), nil
		}
		break
	}
	return 0, fmt.Errorf("%q is no size: try 16GiB, 500MB or 1.5TiB", s)
}

// sizeText is a size with three digits.
func sizeText(bytes uint64) string { return ask.SizeText(bytes) }

// parseAge reads for how long the log keeps records: 30d, 720h, or forever, which
// is 0.
func parseAge(s string) (time.Duration, error) {
	if s == "forever" {
		return 0, nil
	}
	d, err := replay.ParseDuration(s)
	if errors.Is(err, replay.ErrTooLong) {
		return 0, fmt.Errorf("%s is %w: try forever", s, err)
	}
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is no age: try 30d, 720h or forever", s)
	}
	if d < leastAge {
		return 0, fmt.Errorf("%s is less than %s", s, ask.SpanText(leastAge))
	}
	return d, nil
}

// leastAge leaves connectors the time to repeat what is true of long sessions.
const leastAge = time.Hour

// ageText is an age of records.
func ageText(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return "forever"
	case d%day == 0:
		return plural(int(d/day), "day")
	case d%time.Hour == 0:
		return plural(int(d/time.Hour), "hour")
	}
	return d.String()
}

// grouped is a number with commas.
func grouped[N ~int | ~int64 | ~uint64](n N) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
