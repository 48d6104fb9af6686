package web

import (
	"testing"
	"time"
)

// The day begins somewhere in its first step.
func TestADayIsDrawnFromItsWholeSteps(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	s := standing{Steps: []tally{
		{At: at.Add(-5 * time.Minute)}, {At: at, Succeeded: 2}, {At: at.Add(15 * time.Minute), Failed: 1, Ends: map[string]int{"kicked": 3}},
	}}
	s.draw(time.UTC)
	if got, want := s.Logins.Series[0].Path, "M333.3 180.0H666.7v-180.0H333.3z"; got != want {
		t.Errorf("logins %s, want %s", got, want)
	}
	if got := s.Ends.Words(); got != "kicked: 3" {
		t.Errorf("ends: %s", got)
	}
	for _, tick := range s.Logins.Ticks {
		if tick.Text == "03:00" && (tick.X < 33 || tick.X > 34) {
			t.Errorf("03:00 is at %v %%", tick.X)
		}
	}
}

func TestFullSaysWhatIsKnown(t *testing.T) {
	t.Parallel()
	var l logStanding
	if got := l.Full(); got != "not known until the log is an hour old" {
		t.Error(got)
	}
	l.FullIn = new(int64(90_000))
	if got := l.Full(); got != "in 1 d 1 h, at this rate" {
		t.Error(got)
	}
	l.FullBy = "disk"
	if got := l.Full(); got != "in 1 d 1 h, at this rate: then its disk is full" {
		t.Error(got)
	}
	if got := l.Disk(); got != "" {
		t.Error(got)
	}
	l.DiskFree = new(uint64(3 << 29))
	if got := l.Disk(); got != "room for 1.5 GiB more" {
		t.Error(got)
	}
}

// A figure that is not known yet is not shown as a zero.
func TestTheLastHourIsKnownOnceItIsCounted(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ago := func(d time.Duration) *time.Time { return new(now.Add(-d)) }
	for _, c := range []struct {
		since, failed *time.Time
		want          bool
	}{
		{nil, nil, false},
		{ago(time.Second), ago(time.Second), false},
		{ago(time.Hour), ago(time.Second), false},
		{ago(time.Hour), ago(24 * time.Hour), true},
	} {
		s := standing{Time: now, Since: c.since, FailedSince: c.failed}
		if got := s.HourKnown(); got != c.want {
			t.Errorf("counted since %v, failures since %v: %v", c.since, c.failed, got)
		}
	}
}
