package main

import (
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

func TestTimesAreReadInTheLocalZone(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CET", 3600)
	now := time.Date(2026, 3, 4, 15, 16, 17, 0, zone)
	for _, tt := range []struct{ text, want string }{
		{"14:03:07", "2026-03-04T14:03:07+01:00"},
		{"14:03", "2026-03-04T14:03:00+01:00"},
		{"14:03:07.25", "2026-03-04T14:03:07.25+01:00"},
		{"2026-03-01", "2026-03-01T00:00:00+01:00"},
		{"2026-03-01 08:09", "2026-03-01T08:09:00+01:00"},
		{"2026-03-01 08:09:10", "2026-03-01T08:09:10+01:00"},
		{"2026-03-01T08:09:10", "2026-03-01T08:09:10+01:00"},
		{"2026-03-01T08:09:10Z", "2026-03-01T08:09:10Z"},
		{"10m", "2026-03-04T15:06:17+01:00"},
		{"-10m", "2026-03-04T15:06:17+01:00"},
		{"2d", "2026-03-02T15:16:17+01:00"},
		{"1h30m ago", "2026-03-04T13:46:17+01:00"},
		{"9999-12-31", "2262-01-01T00:00:00Z"}, // as far as the log can count
	} {
		got, err := parseTime(tt.text, now)
		if err != nil || got.Format(time.RFC3339Nano) != tt.want {
			t.Errorf("%q is %s, %v; want %s", tt.text, got.Format(time.RFC3339Nano), err, tt.want)
		}
	}
	for _, text := range []string{"noon", "25:00", "2026-13-01", "14:03:07 CET", "ago", "d", "1.5d"} {
		if got, err := parseTime(text, now); err == nil {
			t.Errorf("%q is %s; want an error", text, got)
		}
	}
}

func TestAMomentIsASequenceIfItIsDigitsAlone(t *testing.T) {
	t.Parallel()
	now := time.Now()
	if m, err := parseMoment("4711", now); err != nil || m.Seq != 4711 || !m.Time.IsZero() {
		t.Errorf("4711: %+v, %v", m, err)
	}
	if m, err := parseMoment("now", now); err != nil || !ask.IsNow(m) {
		t.Errorf("now: %+v, %v", m, err)
	}
	if m, err := parseMoment("1m", now); err != nil || m.Seq != 0 || !m.Time.Equal(now.Add(-time.Minute)) {
		t.Errorf("1m: %+v, %v", m, err)
	}
}

func TestATimeThatIsStillToComeIsRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 15, 16, 17, 0, time.UTC)
	for text, want := range map[string]string{
		"2099-01-01":           "2099-01-01 is still to come",
		"2026-03-04 16:00":     "2026-03-04 16:00 is still to come",
		"2026-03-04T16:00:00Z": "2026-03-04T16:00:00Z is still to come",
		"16:00":                "16:00 is still to come; for a time of another day give its date too",
		"16:00:00":             "16:00:00 is still to come; for a time of another day give its date too",
	} {
		if _, err := parseMoment(text, now); err == nil || err.Error() != want {
			t.Errorf("at %s: %v, want %q", text, err, want)
		}
		if _, err := parseSpan(text, "", now); err == nil || err.Error() != want {
			t.Errorf("since %s: %v, want %q", text, err, want)
		}
	}
}
