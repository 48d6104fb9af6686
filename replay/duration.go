package replay

import (
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads a duration as people give it: as [time.ParseDuration] does, or in
// whole days of 24 hours, as in 30d.
func ParseDuration(s string) (time.Duration, error) {
	if days, found := strings.CutSuffix(s, "d"); found {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(s)
}
