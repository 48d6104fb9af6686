package events

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestIntactPassesOverPoisonAndNothingElse(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	reading := func(yield func(*Stored, error) bool) {
		_ = yield(&Stored{Seq: 1}, nil) &&
			yield(nil, fmt.Errorf("read: %w", &PoisonError{Seq: 2, Err: ErrUndecodable})) &&
			yield(&Stored{Seq: 3}, nil) &&
			yield(nil, broken)
	}
	var got []Seq
	for st, err := range Intact(reading) {
		if err != nil {
			if !errors.Is(err, broken) {
				t.Errorf("it gives %v", err)
			}
			continue
		}
		got = append(got, st.Seq)
	}
	if !slices.Equal(got, []Seq{1, 3}) {
		t.Errorf("it gives the records %v", got)
	}
	for range Intact(reading) {
		break // a reader may stop anywhere
	}
}
