package main

import (
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

func TestSizesAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"16GiB": 16 << 30, "16 gib": 16 << 30, "1.5TiB": 3 << 39, "500MB": 500_000_000, "2 GB": 2_000_000_000, "16G": 16 << 30,
		"512m": 512 << 20, "64KiB": 64 << 10, "1000": 1000, "1000B": 1000,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%s is %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "GiB", "-1GiB", "0", "0.1", "much", "1e300", "NaN", "InfGiB", "1 GiB more", "99999999TiB"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestSizesAsPeopleReadThem(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{
		0: "0 bytes", 1023: "1023 bytes", 1 << 10: "1 KiB", 16 << 30: "16 GiB", 3_972_844_748: "3.7 GiB", 1<<30 - 1: "1024 MiB",
		1<<40 + 1<<39: "1.5 TiB", 123_456_789: "118 MiB",
	} {
		if got := sizeText(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
	for _, n := range []int64{1 << 30, 48 << 20, 1000, 3 << 29, 2_000_000} {
		if back, err := parseSize(ask.FlagSize(n)); err != nil || back != n {
			t.Errorf("%d is written %s", n, ask.FlagSize(n))
		}
	}
}

func TestAgesAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"30d": 720 * time.Hour, "720h": 720 * time.Hour, "90m": 90 * time.Minute, "forever": 0} {
		if got, err := parseAge(text); err != nil || got != want {
			t.Errorf("%s is %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "0d", "-1h", "59m", "soon", "30"} {
		if got, err := parseAge(text); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
	for d, want := range map[time.Duration]string{0: "forever", 720 * time.Hour: "30 days", time.Hour: "1 hour", 90 * time.Minute: "1h30m0s"} {
		if got := ageText(d); got != want {
			t.Errorf("%s is %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		71*time.Hour + 40*time.Minute: "72 hours", 72 * time.Hour: "3 days", 36 * time.Hour: "36 hours", 179 * time.Minute: "179 minutes",
		2 * time.Minute: "2 minutes", 119 * time.Second: "119 seconds", time.Second: "1 second",
	} {
		if got := ask.SpanText(d); got != want {
			t.Errorf("%s is %s, want %s", d, got, want)
		}
	}
}
