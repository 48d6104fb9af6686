package main

import (
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestWhatIsMissingLiesBetweenTheFirstRecordAndTheLast(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why  string
		info events.Info
		want uint64
	}{
		{"new", events.Info{}, 0},
		{"whole", events.Info{First: 1, Last: 9, Records: 9}, 0},
		{"its beginning is over its age", events.Info{First: 5, Last: 9, Records: 5}, 0},
		{"all of it is over its age", events.Info{First: 10, Last: 9}, 0},
		{"holes", events.Info{First: 5, Last: 9, Records: 3}, 2},
	} {
		if got := missing(tt.info); got != tt.want {
			t.Errorf("%s: %d missing, want %d", tt.why, got, tt.want)
		}
	}
}
