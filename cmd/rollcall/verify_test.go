package main

import (
	"testing"

	"rollcall/projector/query"
)

func TestALogHasLostRecordsOnlyIfSomeAreMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		v    verification
		want bool
	}{
		{"whole", verification{}, false},
		{"holes", verification{Missing: 1}, true},
		{"a record on top of one that is not there", verification{Summary: query.Summary{Mismatched: 1}}, true},
		{"a stranger's record", verification{Summary: query.Summary{Mismatched: 1, Foreign: 1}}, false},
		{"both", verification{Summary: query.Summary{Mismatched: 2, Foreign: 1}}, true},
		{"what can't be decoded", verification{Summary: query.Summary{Poison: 3}}, false},
	} {
		if got := c.v.lost(); got != c.want {
			t.Errorf("%s: lost %v", c.name, got)
		}
	}
}
