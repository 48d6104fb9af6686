package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

// What is said of a log, by "rollcall log" and in the log of "rollcall up".

// headline is the answer in one line.
func headline(r *capacity.Report) string {
	full := fmt.Sprintf("The log is %s full", percentText(r.Used()))
	switch {
	case r.Mark == 0:
		return "The log has no limit of its own: it takes what the disk has."
	case r.Level() == capacity.Full:
		return "The log is FULL. Logins are refused; only the ends of sessions are stored."
	case r.FullIn == capacity.Never && r.Level() > capacity.Fine:
		return full + ". It does not get fuller at this rate."
	case r.FullIn == capacity.Never:
		return full + "."
	}
	return fmt.Sprintf("%s, and at this rate it refuses logins in %s.", full, spanText(r.FullIn))
}

// percentText is a share, rounded down so that 100 % means it.
func percentText(share float64) string {
	if share > 0 && share < 0.01 {
		return "less than 1 %"
	}
	return fmt.Sprintf("%.0f %%", math.Floor(share*100))
}

func recordsText(r *capacity.Report) string {
	switch {
	case r.Records > 0:
		return fmt.Sprintf("%s, sequences %s to %s", grouped(r.Records), grouped(uint64(r.First)), grouped(uint64(r.Last)))
	case r.Last > 0:
		return fmt.Sprintf("none; the last was %s", grouped(uint64(r.Last)))
	}
	return "none yet"
}

func sizeOf(r *capacity.Report) string {
	if r.Mark == 0 {
		return sizeText(r.Bytes) + ", without a limit"
	}
	return fmt.Sprintf("%s of %s; logins are refused from %s on", sizeText(r.Bytes), sizeText(r.MaxBytes), sizeText(r.Mark))
}

func reserveText(r *capacity.Report) string {
	size := sizeText(r.MaxBytes - r.Mark)
	if r.Sessions == unknown {
		return size + " for the ends of sessions, and more the more there are"
	}
	return fmt.Sprintf("%s for the ends of %s", size, plural(r.Sessions, "live session"))
}

func rateText(r *capacity.Report) string {
	if r.Day.Over == 0 {
		return "not known yet"
	}
	return fmt.Sprintf("%s events and %s a day, over the last %s",
		grouped(int64(r.Day.Events)), sizeText(uint64(r.Day.Bytes)), spanText(r.Day.Over))
}

func fullText(r *capacity.Report) string {
	switch {
	case r.Mark == 0:
		return "never"
	case r.FullIn == 0:
		return "now"
	case r.FullIn == capacity.Never && r.Day.Over < time.Hour:
		return "not known before the log is an hour old"
	case r.FullIn == capacity.Never && r.MaxAge > 0 && r.Day.Events > 0:
		return "never, at this rate: the oldest records go as fast as others come"
	case r.FullIn == capacity.Never:
		return "never, at this rate"
	case r.ByHour:
		return fmt.Sprintf("in %s, at the rate of the last hour", spanText(r.FullIn))
	}
	return fmt.Sprintf("in %s, at the rate of the last %s", spanText(r.FullIn), spanText(r.Day.Over))
}

// keyframesText: a process that starts, and a look at the past, reads the newest of
// them and what comes after it.
func keyframesText(frames []events.Keyframe, now time.Time) string {
	if len(frames) == 0 {
		return "none yet"
	}
	newest := frames[len(frames)-1]
	return fmt.Sprintf("%s, the newest of %s ago, after %s", grouped(len(frames)), spanText(max(now.Sub(newest.StoredAt()), 0)), grouped(uint64(newest.Seq)))
}

// adviceFor is what to type, if there is trouble.
func adviceFor(ctx context.Context, log capacity.Log, r *capacity.Report) (advice []string, err error) {
	if r.Level() == capacity.Fine {
		return nil, nil
	}
	advice = append(advice, "rollcall log set --max-bytes "+flagSize(twice(r.MaxBytes)))
	age, err := shorterAge(ctx, log, r)
	if err != nil || age == 0 {
		return advice, err
	}
	n, err := r.Before(ctx, log, r.At.Add(-age))
	if err != nil {
		return nil, err
	}
	line := fmt.Sprintf("rollcall log set --max-age %s", flagAge(age))
	if n > 0 {
		line += fmt.Sprintf(" --remove-records  (%s go)", recordsWord(n))
	}
	return append(advice, line), nil
}

// twice is about that, a number that is easily typed.
func twice(limit uint64) int64 {
	unit := int64(1 << 20)
	for int64(limit) >= 8*unit<<10 {
		unit <<= 10
	}
	return (2*int64(limit) + unit - 1) / unit * unit
}

// shorterAge is one that leaves a quarter of the room for logins free, as far as can
// be told: 0 if there is none of at least a day.
func shorterAge(ctx context.Context, log capacity.Log, r *capacity.Report) (time.Duration, error) {
	const day = 24 * time.Hour
	for days := int(r.At.Sub(r.FirstAt) / day); days >= 1; days-- {
		age := time.Duration(days) * day
		before, err := r.Before(ctx, log, r.At.Add(-age))
		if err != nil {
			return 0, err
		}
		left := float64(r.Bytes) * float64(r.Records-before) / float64(r.Records)
		if max(left, r.Day.Bytes*float64(days)) < float64(r.Mark)/4*3 {
			return age, nil
		}
	}
	return 0, nil
}

func flagAge(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	return d.String()
}

func recordsWord(n uint64) string {
	if n == 1 {
		return "1 record"
	}
	return grouped(n) + " records"
}

// momentText is a time and how long ago that was.
func (c *console) momentText(t, now time.Time) string {
	return fmt.Sprintf("%s %s, %s ago", t.In(c.zone).Format(time.DateTime), c.zoneName(t), spanText(max(now.Sub(t), 0)))
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return query.Timestamp(t.UnixNano())
}

// lines are a text that is put together.
type lines struct{ strings.Builder }

func (l *lines) add(format string, args ...any) { fmt.Fprintf(l, format+"\n", args...) }

func (l *lines) write(w io.Writer) error {
	_, err := io.WriteString(w, l.String())
	return err
}
