package main

import (
	"testing"

	"rollcall/events"
)

// How much there is to read is told of what is read, not of the whole log.
func TestProgressIsOfWhatIsRead(t *testing.T) {
	t.Parallel()
	log := events.Info{First: 101, Last: 1000}
	for _, c := range []struct {
		info events.Info
		r    events.Range
		want int
	}{
		{log, events.Range{}, 900}, {log, events.Range{After: 990}, 10}, {log, events.Range{After: 990, To: 995}, 5},
		{log, events.Range{To: 5000}, 900}, {log, events.Range{After: 1000}, 0}, {events.Info{}, events.Range{}, 0},
	} {
		if got := records(c.info, c.r); got != c.want {
			t.Errorf("%+v of %+v: %d, want %d", c.r, c.info, got, c.want)
		}
	}
}
