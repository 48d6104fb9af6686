package courier

import (
	"testing"

	"pgregory.net/rapid"
)

func TestARingIsAQueue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r ring
		var want []int64 // what it should hold
		next := int64(1)
		for range rapid.IntRange(1, 200).Draw(t, "rounds") {
			for range rapid.IntRange(0, 40).Draw(t, "pushed") {
				r.push(sentMsg{at: next})
				want = append(want, next)
				next++
			}
			for range min(len(want), rapid.IntRange(0, 40).Draw(t, "dropped")) {
				r.drop()
				want = want[1:]
			}
			if r.n != len(want) {
				t.Fatalf("it has %d messages, want %d", r.n, len(want))
			}
			for i, at := range want {
				if got := r.at(i).at; got != at {
					t.Fatalf("message %d is the %d-th, want %d", i, got, at)
				}
			}
		}
	})
}

func TestAnEmptyRingKeepsLittleMemory(t *testing.T) {
	t.Parallel()
	var r ring
	for range 10 * ringMemory {
		r.push(sentMsg{data: make([]byte, 1)})
	}
	for r.n > 0 {
		r.drop()
	}
	if len(r.slots) > ringMemory {
		t.Errorf("it keeps room for %d messages", len(r.slots))
	}
	r.push(sentMsg{at: 7})
	if got := r.at(0).at; got != 7 {
		t.Errorf("the next message is %d", got)
	}
}
