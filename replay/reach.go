package replay

import "time"

// The log counts time in Unix nanoseconds, which end in 2262. There is room at both ends,
// for instants are added to.
var (
	earliest = time.Unix(0, 0)
	latest   = time.Date(2262, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// InReach is an instant that people gave, or, if it is too far away to be counted, one that
// is as good: all that any log has is between. So 9999-12-31 is a time without end.
func InReach(t time.Time) time.Time {
	switch {
	case t.Before(earliest):
		return earliest
	case t.After(latest):
		return latest
	}
	return t
}
