package chart

import (
	"testing"
	"time"
)

func TestAStepIsNamedInWholeUnits(t *testing.T) {
	t.Parallel()
	for step, want := range map[time.Duration]string{
		time.Second: "second", time.Minute: "minute", time.Hour: "hour", day: "day",
		5 * time.Second: "5 s", 10 * time.Second: "10 s", 30 * time.Second: "30 s",
		100 * time.Second: "1 min 40 s", 10 * time.Minute: "10 min", 70 * time.Minute: "1 h 10 min", 2 * time.Hour: "2 h",
		time.Hour + 5*time.Second: "1 h 5 s", 1500 * time.Millisecond: "1.5 s", 26 * time.Hour: "26 h", 7 * day: "7 days",
	} {
		if got := stepName(step); got != want {
			t.Errorf("a step of %s is called %q, want %q", step, got, want)
		}
	}
}
