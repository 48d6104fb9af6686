package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// parseSpan reads the times of --since and --until. The caller says whose span
// it is.
func parseSpan(since, until string, now time.Time) (s replay.Span, err error) {
	if s.Since, err = parseTime(since, now); err != nil {
		return s, err
	}
	if s.Since.After(now) {
		return s, stillToCome(since)
	}
	if s.Until, err = parseTime(until, now); err != nil {
		return s, err
	}
	if !s.Since.IsZero() && !s.Until.IsZero() && !s.Since.Before(s.Until) {
		return s, usagef("--since is not before --until")
	}
	return s, nil
}

// layouts are the forms of a time, in the local zone where they name none.
// Those without a date mean today.
var layouts = [...]struct {
	layout string
	today  bool
}{
	{time.RFC3339Nano, false},
	{"2006-01-02T15:04:05.999999999", false},
	{"2006-01-02 15:04:05.999999999", false},
	{"2006-01-02 15:04", false},
	{"2006-01-02", false},
	{"15:04:05.999999999", true},
	{"15:04", true},
}

// parseMoment reads TIME|SEQ as of --at: digits alone are a sequence.
func parseMoment(s string, now time.Time) (replay.Moment, error) {
	if s == "" || s == "now" {
		return replay.Moment{}, nil
	}
	if seq, err := strconv.ParseUint(s, 10, 64); err == nil {
		if seq == 0 {
			return replay.Moment{}, usagef("sequences begin at 1")
		}
		return replay.Moment{Seq: events.Seq(seq)}, nil
	}
	t, err := parseTime(s, now)
	if t.After(now) {
		return replay.Moment{}, stillToCome(s)
	}
	return replay.Moment{Time: t}, err
}

// stillToCome refuses a time; one without a date was taken for today's.
func stillToCome(s string) error {
	for _, l := range layouts {
		if _, err := time.Parse(l.layout, s); err == nil && l.today {
			return usagef("%s is still to come; for a time of another day give its date too", s)
		}
	}
	return usagef("%s is still to come", s)
}

// parseTime reads a time of day, a date, both, or a duration that lies back
// ("10m", "-10m" and "10m ago" mean the same; "2d" is 48 hours). Empty text
// gives the zero time.
func parseTime(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	back := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(s, "-"), "ago"))
	d, err := replay.ParseDuration(back)
	switch {
	case err == nil:
		return replay.InReach(now.Add(-d)), nil
	case errors.Is(err, replay.ErrTooLong):
		return time.Time{}, usagef("%s is %w", back, err)
	}
	for _, l := range layouts {
		t, err := time.ParseInLocation(l.layout, s, now.Location())
		if err != nil {
			continue
		}
		if l.today {
			t = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), now.Location())
		}
		return replay.InReach(t), nil
	}
	return time.Time{}, usagef("%q is no time: try 10m (ago), 2d, 14:03:07, \"2026-01-31 14:03\" or 2026-01-31T14:03:07Z", s)
}

// parseLength reads how long something is to last, as a flag says it; such says what may
// be given.
func parseLength(flag, s, such string) (time.Duration, error) {
	d, err := replay.ParseDuration(s)
	switch {
	case errors.Is(err, replay.ErrTooLong):
		return 0, usagef("%s: %s is %w", flag, s, err)
	case err != nil || d <= 0:
		return 0, usagef("%s: %q is no time: give %s", flag, s, such)
	}
	return d, nil
}

// stamp is a time for people: the day too, unless it is today.
func (c *console) stamp(t, now time.Time) string {
	t, now = t.In(c.zone), now.In(c.zone)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04:05")
}

// stampOr is stamp, or never for the zero time.
func (c *console) stampOr(t, now time.Time, never string) string {
	if t.IsZero() {
		return never
	}
	return c.stamp(t, now)
}

// zoneName is what the heads of time columns show.
func (c *console) zoneName(now time.Time) string { return now.In(c.zone).Format("MST") }

func timeHead(word, zone string) string { return fmt.Sprintf("%s (%s)", word, zone) }
