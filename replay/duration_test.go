package replay

import (
	"errors"
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

func TestADurationIsACenturyAtMost(t *testing.T) {
	t.Parallel()
	if d, err := ParseDuration("36500d"); err != nil || d != MaxDuration {
		t.Errorf("got %s, %v", d, err)
	}
	for _, text := range []string{"36501d", "500000d", "99999999999999999999d", "876001h", "9999999h", "876000h1s"} {
		if d, err := ParseDuration(text); !errors.Is(err, ErrTooLong) {
			t.Errorf("%q is %s, %v", text, d, err)
		}
	}
}
