package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

// The words in which "rollcall log" describes a log in its table.

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
	if r.Sessions < 0 {
		return size + " for the ends of sessions, and more the more there are"
	}
	return fmt.Sprintf("%s for the ends of %s", size, plural(r.Sessions, "live session"))
}

func rateText(r *capacity.Report) string {
	if r.Day.Over == 0 {
		return "not known yet"
	}
	return fmt.Sprintf("%s events and %s a day, over the last %s",
		grouped(int64(r.Day.Events)), sizeText(uint64(r.Day.Bytes)), ask.SpanText(r.Day.Over))
}

// diskText is how much room the log has, whatever its limit.
func diskText(r *capacity.Report) string {
	room := "room for " + sizeText(r.Disk.Free) + " more"
	if r.Disk.Account {
		room += ", by the limit of its NATS account"
	}
	return room
}

func fullText(r *capacity.Report) string {
	switch room, _ := r.Room(); {
	case room == 0:
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
		return fmt.Sprintf("in %s, at the rate of the last hour", ask.SpanText(r.FullIn))
	}
	return fmt.Sprintf("in %s, at the rate of the last %s", ask.SpanText(r.FullIn), ask.SpanText(r.Day.Over))
}

// keyframesText: a process that starts, and a look at the past, reads the newest of
// them and what comes after it.
func keyframesText(frames []events.Keyframe, now time.Time) string {
	if len(frames) == 0 {
		return "none yet"
	}
	newest := frames[len(frames)-1]
	return fmt.Sprintf("%s, the newest of %s ago, after %s", grouped(len(frames)), ask.SpanText(max(now.Sub(newest.StoredAt()), 0)), grouped(uint64(newest.Seq)))
}

// adviceText is what to type, and what that does.
func adviceText(a ask.LogAdvice) string {
	if a.Removes == 0 {
		return a.Command
	}
	return fmt.Sprintf("%s  (%s go)", a.Command, recordsWord(a.Removes))
}

func recordsWord(n uint64) string {
	if n == 1 {
		return "1 record"
	}
	return grouped(n) + " records"
}

// momentText is a time and how long ago that was.
func (c *console) momentText(t, now time.Time) string {
	return fmt.Sprintf("%s %s, %s ago", t.In(c.zone).Format(time.DateTime), c.zoneName(t), ask.SpanText(max(now.Sub(t), 0)))
}

// lines are a text that is put together.
type lines struct{ strings.Builder }

func (l *lines) add(format string, args ...any) { fmt.Fprintf(l, format+"\n", args...) }

func (l *lines) write(w io.Writer) error {
	_, err := io.WriteString(w, l.String())
	return err
}
