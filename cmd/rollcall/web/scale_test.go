package web

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func minutes(from, to int) span {
	begin := time.Date(2026, 1, 31, 14, 0, 0, 0, time.UTC)
	return span{begin.Add(time.Duration(from) * time.Minute), begin.Add(time.Duration(to) * time.Minute)}
}

// Of a day with two short visits the axis has room for these, and breaks for the rest.
func TestIdleTimeIsABreakOfTheAxis(t *testing.T) {
	t.Parallel()
	day := minutes(0, 1440)
	s := newScale(day, 100, 1000, []span{minutes(600, 610), minutes(1000, 1020)})
	idle := 0
	for _, p := range s.pieces {
		if p.idle {
			idle++
		}
	}
	if len(s.pieces) != 5 || idle != 3 {
		t.Fatalf("the axis has %+v", s.pieces)
	}
	first, second := s.x(minutes(610, 0).Since)-s.x(minutes(600, 0).Since), s.x(minutes(1020, 0).Since)-s.x(minutes(1000, 0).Since)
	if first < 270 || second < 2*first-1 || second > 2*first+1 {
		t.Errorf("10 min are %g wide, and 20 min are %g", first, second)
	}
	if from, to := s.x(day.Since), s.x(day.Until); from != 100 || to < 999 || to > 1001 {
		t.Errorf("the axis is from %g to %g", from, to)
	}
}

func TestAnAxisWithoutIdleTimeHasNoBreak(t *testing.T) {
	t.Parallel()
	for _, busy := range [][]span{{minutes(0, 60)}, {minutes(-10, 70)}, {minutes(0, 30), minutes(35, 60)}, nil} {
		s := newScale(minutes(0, 60), 0, 600, busy)
		if x := s.x(minutes(30, 0).Since); len(s.pieces) != 1 || x != 300 {
			t.Errorf("%v: %+v, half of it is at %g", busy, s.pieces, x)
		}
	}
}

func TestAnAxisHasNotTooManyBreaks(t *testing.T) {
	t.Parallel()
	var busy []span
	for i := range 40 {
		busy = append(busy, minutes(i*100, i*100+1))
	}
	s, last := newScale(minutes(0, 4000), 0, 900, busy), -1.0
	for _, b := range busy {
		if x := s.x(b.Since); x <= last {
			t.Errorf("%v is at %g, behind %g", b, x, last)
		} else {
			last = x
		}
	}
	if len(s.pieces) > 2*maxBreaks+1 {
		t.Errorf("the axis has %d pieces", len(s.pieces))
	}
}

// A time of day tells nothing without its day, and a day without its year.
func TestAnAxisSaysOfWhichDayItsTimesAre(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time {
		t, _ := time.Parse("2006-01-02 15:04", text)
		return t
	}
	for _, c := range []struct{ since, until, want string }{
		{"2026-01-31 10:01", "2026-01-31 10:29", "10:05/31 Jan 2026 10:10 10:15 10:20 10:25"},
		{"2026-01-31 12:00", "2026-02-01 11:00", "15:00/31 Jan 2026 18:00 21:00 1 Feb 03:00 06:00 09:00"},
		{"2025-12-29 12:00", "2026-01-03 12:00", "30 Dec/2025 31 Dec 1 Jan/2026 2 Jan 3 Jan"},
	} {
		var said []string
		for _, t := range ticksOf(at(c.since), at(c.until), time.UTC) {
			said = append(said, strings.TrimSuffix(t.Text+"/"+t.Date, "/"))
		}
		if got := strings.Join(said, " "); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.since, c.until, got, c.want)
		}
	}
	busy := []span{minutes(600, 610), minutes(2040, 2050)} // 0:00 and 0:10 of the days after
	s := newScale(minutes(0, 3000), 0, 1000, busy)
	var dates []string
	for _, t := range s.ticks(time.UTC, 56) {
		dates = append(dates, t.Date)
	}
	if got := strings.Join(slices.DeleteFunc(dates, func(d string) bool { return d == "" }), " "); got != "1 Feb 2026 2 Feb" {
		t.Errorf("an axis with breaks says %q", got)
	}
}
