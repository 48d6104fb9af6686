package ask

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

// Headline says in one line how full a log is, and when it will be.
func Headline(r *capacity.Report) string {
	if _, byDisk := r.Room(); byDisk {
		return diskHeadline(r)
	}
	full := fmt.Sprintf("The log is %s full", percent(r.Used()))
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
	return fmt.Sprintf("%s, and at this rate it refuses logins in %s.", full, SpanText(r.FullIn))
}

// diskHeadline is for a log whose disk is full before it has reached its limit.
func diskHeadline(r *capacity.Report) string {
	disk := "disk"
	if r.Disk.Account {
		disk = "NATS account"
	}
	switch left := fmt.Sprintf("The log's %s has %s left", disk, SizeText(r.Disk.Free)); {
	case r.Level() == capacity.Full:
		return fmt.Sprintf("The log's %s is FULL. Nothing is stored, and logins are refused.", disk)
	case r.FullIn != capacity.Never:
		return fmt.Sprintf("%s, and is full in %s at this rate.", left, SpanText(r.FullIn))
	case r.Mark == 0:
		return left + ", and the log no limit."
	default:
		return left + ", less than the log may still grow."
	}
}

// percent is a share, rounded down so that 100 % means it.
func percent(share float64) string {
	if share > 0 && share < 0.01 {
		return "less than 1 %"
	}
	return fmt.Sprintf("%.0f %%", math.Floor(share*100))
}

// A LogAdvice is a command that gives the log room while everything runs.
type LogAdvice struct {
	Command string `json:"command"`
	Removes uint64 `json:"removes_records"` // how many go at once, for ever
}

// AdviceFor is what helps, if there is trouble.
func AdviceFor(ctx context.Context, log capacity.Log, r *capacity.Report) (advice []LogAdvice, err error) {
	if r.Level() == capacity.Fine {
		return nil, nil
	}
	if _, byDisk := r.Room(); !byDisk {
		advice = append(advice, LogAdvice{Command: "rollcall log set --max-bytes " + FlagSize(twice(r.MaxBytes))})
	}
	age, err := shorterAge(ctx, log, r)
	if err != nil || age == 0 {
		return advice, err
	}
	n, err := r.Before(ctx, log, r.At.Add(-age))
	if err != nil {
		return nil, err
	}
	line := LogAdvice{Command: "rollcall log set --max-age " + flagAge(age), Removes: n}
	if n > 0 {
		line.Command += " --remove-records"
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
	room, _ := r.Room()
	for days := int(r.At.Sub(r.FirstAt) / day); days >= 1; days-- {
		age := time.Duration(days) * day
		before, err := r.Before(ctx, log, r.At.Add(-age))
		if err != nil {
			return 0, err
		}
		left := float64(r.Bytes) * float64(r.Records-before) / float64(r.Records)
		if max(left, r.Day.Bytes*float64(days)) < float64(room)/4*3 {
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

// FlagSize is a size as flags take it, a round one.
func FlagSize(bytes int64) string {
	for i, unit := range [...]string{"TiB", "GiB", "MiB", "KiB"} {
		if one := int64(1) << (40 - 10*i); bytes >= one && bytes%one == 0 {
			return fmt.Sprintf("%d%s", bytes/one, unit)
		}
	}
	return strconv.FormatInt(bytes, 10)
}

// SizeText is a size with three digits.
func SizeText(bytes uint64) string {
	for i, unit := range [...]string{"TiB", "GiB", "MiB", "KiB"} {
		one := float64(int64(1) << (40 - 10*i))
		if float64(bytes) < one {
			continue
		}
		n := float64(bytes) / one
		decimals := 0
		if n < 100 && n != math.Trunc(n) {
			decimals = 1
		}
		return strconv.FormatFloat(n, 'f', decimals, 64) + " " + unit
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// SpanText is a span of time by its largest unit, or by the one below where that matters.
func SpanText(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 3*day:
		return count(int((d+day/2)/day), "day")
	case d >= 3*time.Hour:
		return count(int((d+time.Hour/2)/time.Hour), "hour")
	case d >= 2*time.Minute:
		return count(int((d+time.Minute/2)/time.Minute), "minute")
	}
	return count(int(d/time.Second), "second")
}
