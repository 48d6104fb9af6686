package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A moment is a time, or the place of a record in the log, as a page's address names it.
// The zero moment is now, which goes on.
type moment struct {
	Seq  uint64    // 0: the moment is a time
	Time time.Time // when the record was stored, if the moment is one; zero: not known
}

// Live reports the moment that goes on.
func (m moment) Live() bool { return m.Seq == 0 && m.Time.IsZero() }

// String is the moment as addresses and the API have it; "" if it is live.
func (m moment) String() string {
	switch {
	case m.Seq > 0:
		return strconv.FormatUint(m.Seq, 10)
	case m.Time.IsZero():
		return ""
	}
	return m.Time.UTC().Format(time.RFC3339Nano)
}

// momentOf reads a parameter with a moment: a sequence, a time of the page's zone or of one
// that it names, or how long ago, which becomes a time so that it means the same later.
func (v *visit) momentOf(name string) (m moment, err error) {
	text := strings.TrimSpace(v.value(name))
	if n, err := strconv.ParseUint(strings.ReplaceAll(text, ",", ""), 10, 63); err == nil && n > 0 {
		return moment{Seq: n}, nil
	}
	m.Time, err = v.timeOf(name)
	return m, err
}

// forms are those that a time may have, in the page's zone where it names none.
var forms = [...]string{
	time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02",
}

// timeOf reads a parameter with a time or how long ago one was; zero without it.
func (v *visit) timeOf(name string) (time.Time, error) {
	text := strings.TrimSpace(v.value(name))
	if text == "" || text == "now" || text == "live" {
		return time.Time{}, nil
	}
	if t, ok := v.timeIn(text); ok {
		return t, nil
	}
	return time.Time{}, &problem{
		Status: http.StatusBadRequest, Title: "Bad Request", Parameter: name,
		Detail: fmt.Sprintf("%s: %q is not a moment; give a sequence as in 18231, a time as in 2026-01-31 14:03 or 14:03:07, or how long ago as in -15m", name, text),
	}
}

// asTyped is the value of a field as its viewer would type it: a time in the page's zone, and
// all else as it is.
func (v *visit) asTyped(text string) string {
	if t, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(text)); err == nil {
		return v.typed(t)
	}
	return text
}

// typed is an instant in the page's zone. It has an offset if it means another one without:
// clocks show an hour twice when they go back.
func (v *visit) typed(t time.Time) string {
	t = t.In(v.zone)
	text := t.Format("2006-01-02 15:04:05.999999999")
	if again, ok := v.timeIn(text); !ok || !again.Equal(t) {
		return t.Format(time.RFC3339Nano)
	}
	return text
}

// Field is a moment as the page's fields show it.
func (p *timeline) Field(m moment) string {
	if m.Seq > 0 || m.Live() {
		return m.String()
	}
	return p.visit.typed(m.Time)
}

// timeIn is the time that a text means.
func (v *visit) timeIn(text string) (t time.Time, ok bool) {
	if back, ok := strings.CutPrefix(text, "-"); ok {
		if d, ok := durationOf(back); ok {
			return v.now.Add(-d).UTC().Truncate(time.Millisecond), true
		}
	}
	for _, form := range forms {
		if t, err := time.ParseInLocation(form, text, v.zone); err == nil {
			return t.UTC(), true
		}
	}
	if t, err := time.ParseInLocation("15:04", text, v.zone); err == nil {
		return v.lastAt(t), true
	}
	if t, err := time.ParseInLocation("15:04:05", text, v.zone); err == nil {
		return v.lastAt(t), true
	}
	return t, false
}

// lastAt is when the clock showed a time of day last.
func (v *visit) lastAt(clock time.Time) time.Time {
	h, m, s := clock.Clock()
	year, month, day := v.now.In(v.zone).Date()
	t := time.Date(year, month, day, h, m, s, 0, v.zone)
	if t.After(v.now) {
		t = time.Date(year, month, day-1, h, m, s, 0, v.zone)
	}
	return t.UTC()
}

// durationOf reads a duration of hours, minutes and seconds, or of days.
func durationOf(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * 24 * time.Hour, true
		}
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}
