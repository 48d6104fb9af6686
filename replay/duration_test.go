package replay

import (
	"testing"
	"time"
)

func TestADurationMayBeInDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"2d": 48 * time.Hour, "0d": 0, "90m": 90 * time.Minute, "1.5s": 1500 * time.Millisecond} {
		if d, err := ParseDuration(text); err != nil || d != want {
			t.Errorf("%s is %s, %v", text, d, err)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1.5d", "99999d", "1d2h", "x"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q is %s", text, d)
		}
	}
}
