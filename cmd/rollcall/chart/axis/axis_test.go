package axis

import (
	"slices"
	"testing"
	"time"
)

func TestAnAxisEndsWithARoundNumber(t *testing.T) {
	t.Parallel()
	for most, want := range map[int][2]int{0: {1, 1}, 1: {1, 1}, 5: {5, 1}, 6: {6, 2}, 11: {15, 5}, 26: {30, 10}, 101: {150, 50}, 1234: {1500, 500}} {
		if top, step := Top(most, 5); [2]int{top, step} != want {
			t.Errorf("%d: %d by %d, want %v", most, top, step, want)
		}
	}
}

func TestTicksAreRoundTimesOfTheZone(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	labels := func(since, until string) (list []string) {
		a, _ := time.Parse(time.RFC3339, since)
		b, _ := time.Parse(time.RFC3339, until)
		for _, tick := range Ticks(a, b, berlin, 8) {
			list = append(list, tick.Label)
		}
		return list
	}
	for _, c := range []struct {
		since, until string
		want         []string
	}{
		{"2026-01-02T10:03:00Z", "2026-01-02T10:28:00Z", []string{"11:05", "11:10", "11:15", "11:20", "11:25"}},
		{"2026-01-02T22:59:58Z", "2026-01-02T23:00:03Z", []string{"23:59:58", "23:59:59", "3 Jan", "00:00:01", "00:00:02", "00:00:03"}},
		{"2026-03-28T22:00:00Z", "2026-03-29T20:00:00Z", []string{"29 Mar", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"}},         // 23 hours
		{"2026-10-24T21:00:00Z", "2026-10-25T20:00:00Z", []string{"25 Oct", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"}},         // 25 hours
		{"2026-03-29T00:30:00Z", "2026-03-29T02:10:00Z", []string{"01:30", "01:45", "03:00", "03:15", "03:30", "03:45", "04:00"}},                   // no hour from 2
		{"2026-10-25T01:10:00Z", "2026-10-25T01:50:00Z", []string{"02:10", "02:15", "02:20", "02:25", "02:30", "02:35", "02:40", "02:45", "02:50"}}, // the second hour from 2
		{"2026-03-27T12:00:00Z", "2026-04-01T12:00:00Z", []string{"28 Mar", "29 Mar", "30 Mar", "31 Mar", "1 Apr"}},                                 // of which one has 23 hours
	} {
		if got := labels(c.since, c.until); !slices.Equal(got, c.want) {
			t.Errorf("%s to %s: %q, want %q", c.since, c.until, got, c.want)
		}
	}
}

func TestNothingHasNoMoreThanOneTick(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	if n := len(Ticks(at, at, time.UTC, 8)); n > 1 {
		t.Errorf("%d ticks", n)
	}
}
