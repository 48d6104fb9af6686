package person

import (
	"context"
	"iter"
	"slices"
	"testing"
)

// A reading gives some numbers, and counts how often it was begun.
type reading struct{ begun int }

func (r *reading) read(context.Context) iter.Seq2[int, error] {
	r.begun++
	return func(yield func(int, error) bool) {
		for i := range 5 {
			if !yield(i, nil) {
				return
			}
		}
	}
}

// The records that are read are kept, unless they are too many; either way each look
// at it gives all.
func TestOnlyWhatIsTooMuchToKeepIsReadAgain(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{1: 2, maxKept / 5: 2, maxKept/5 + 1: 4, maxKept + 1: 4} {
		r := reading{}
		k := kept[int]{read: r.read, size: func(int) int { return size }}
		for range k.all(t.Context()) { // one that is left early is kept by nobody
			break
		}
		for range 3 {
			var got []int
			for i, err := range k.all(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, i)
			}
			if !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
				t.Errorf("of size %d there are %v", size, got)
			}
		}
		if r.begun != want {
			t.Errorf("of size %d it is read %d times, want %d", size, r.begun, want)
		}
	}
}
