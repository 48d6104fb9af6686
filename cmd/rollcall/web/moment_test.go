package web

import (
	"testing"
	"time"
)

// The time in a field means the same when it is sent again, in whatever zone the page is.
func TestAFieldShowsATimeInThePagesZone(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	v := &visit{zone: berlin, now: time.Now()}
	for _, text := range [...]string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"} { // an hour that clocks show twice
		at, _ := time.Parse(time.RFC3339, text)
		if again, ok := v.timeIn(v.asTyped(text)); !ok || !again.Equal(at) {
			t.Errorf("%s becomes %s", text, again)
		}
	}
	for text, want := range map[string]string{
		"2026-01-31T13:03:07Z":      "2026-01-31 14:03:07",
		"2026-07-31T13:03:07.25Z":   "2026-07-31 15:03:07.25",
		"2026-01-31T14:03:07+01:00": "2026-01-31 14:03:07",
		"-15m":                      "-15m", "18231": "18231", "": "", "all": "all",
	} {
		got := v.asTyped(text)
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			if again, ok := v.timeIn(got); !ok || !again.Equal(at) {
				t.Errorf("%s becomes %s", text, again)
			}
		}
	}
}
