package replay

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// MaxDuration is the longest duration that people can give, about a century.
const MaxDuration = 36500 * 24 * time.Hour

// ErrTooLong is a duration of more than MaxDuration.
var ErrTooLong = errors.New("longer than 36500d")

// ParseDuration reads a duration as people give it: as [time.ParseDuration] does, or in
// whole days of 24 hours, as in 30d. One of more than MaxDuration is ErrTooLong.
func ParseDuration(s string) (time.Duration, error) {
	number := strings.TrimLeft(s, "0123456789")
	if unit := number; unit != s && (unit == "d" || unit == "h") {
		n, err := strconv.ParseUint(strings.TrimSuffix(s, unit), 10, 32)
		length := map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour}[unit]
		if err != nil || n > uint64(MaxDuration/length) {
			return 0, ErrTooLong
		}
		return time.Duration(n) * length, nil
	}
	d, err := time.ParseDuration(s)
	if err == nil && d > MaxDuration {
		return 0, ErrTooLong
	}
	return d, err
}
