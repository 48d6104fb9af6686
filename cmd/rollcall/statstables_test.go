package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
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

func TestAFewOfManyAreNotNone(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	a := &stats.Answer{Covers: stats.Covers{Since: time.Unix(0, 0), Until: time.Unix(3600, 0), Step: time.Hour}}
	for reason, n := range map[events.Reason]int{events.ReasonClient: 14_000, events.ReasonKicked: 6, events.ReasonTimeout: 175} {
		a.Ends = append(a.Ends, stats.Ends{At: time.Unix(0, 0), Reason: reason, Sessions: n})
	}
	s := statsTables{con: &console{out: &b, zone: time.UTC}, answer: a}
	if err := s.ends(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"98.7%", "1.2%", "<0.1%"} {
		if !strings.Contains(b.String(), " "+want+" ") {
			t.Errorf("there is no %s in %s", want, b.String())
		}
	}
}
