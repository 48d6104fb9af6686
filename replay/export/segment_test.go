package export

import (
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestASegmentEndsWithAnHourOfTheLogAndWithABlock(t *testing.T) {
	t.Parallel()
	hour := int64(time.Hour)
	for _, c := range []struct {
		name    string
		reached int64
		seq     events.Seq
		at      int64
		want    place
	}{
		{"in the hour", 7, 5, 7*hour + 1, place{7, 0}},
		{"the last instant of the hour", 7, 5, 8*hour - 1, place{7, 0}},
		{"the next hour", 7, 5, 8 * hour, place{8, 0}},
		{"a clock that was put back", 8, 5, 7 * hour, place{8, 0}},
		{"the last of a block", 7, block, 7 * hour, place{7, 0}},
		{"the first of the next", 7, block + 1, 7 * hour, place{7, 1}},
	} {
		got := placeOf(c.reached, c.seq, c.at)
		if got != c.want || got.isLast(c.seq) != (c.seq == block) {
			t.Errorf("%s: %+v, last %v", c.name, got, got.isLast(c.seq))
		}
	}
}

func TestAnHourIsOverAMinuteAfterItsEnd(t *testing.T) {
	t.Parallel()
	end := time.Unix(8*3600, 0)
	for at, over := range map[time.Time]bool{
		end: false, end.Add(time.Minute - 1): false, end.Add(time.Minute): true,
	} {
		if isOver(7, at) != over {
			t.Errorf("at %s: %v", at, !over)
		}
	}
}
