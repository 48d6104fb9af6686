package main

import (
	"testing"
	"time"

	"rollcall/replay/stats"
)

func TestTheSpanOfFiguresSaysOfWhichDaysItIs(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 8, 27, 12, 0, time.UTC)
	for _, tt := range []struct {
		since, until time.Duration // before now
		want         string
	}{
		{24 * time.Hour, 0, "2026-11-29 08:27:12 to 2026-11-30 08:27:12 UTC"},
		{time.Hour, 0, "07:27:12 to 08:27:12 UTC"},
		{25 * time.Hour, 24 * time.Hour, "2026-11-29 07:27:12 to 08:27:12 UTC"},
		{48 * time.Hour, 24 * time.Hour, "2026-11-28 08:27:12 to 2026-11-29 08:27:12 UTC"},
	} {
		s := statsTables{con: &console{zone: time.UTC}, answer: &stats.Answer{Covers: stats.Covers{Since: now.Add(-tt.since), Until: now.Add(-tt.until)}}}
		if got := s.span(now); got != tt.want {
			t.Errorf("the span is %q, want %q", got, tt.want)
		}
	}
}
