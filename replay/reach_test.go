package replay_test

import (
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/replay"
)

func TestInstantsThatCannotBeCountedStayOnTheirSideOfTheLog(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.January, 31, 14, 3, 7, 123, time.UTC)
	if got := replay.InReach(now); !got.Equal(now) {
		t.Errorf("%s became %s", now, got)
	}
	for _, year := range []int{1, 1600, 1969} {
		if got := replay.InReach(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)); got.IsZero() || got.UnixNano() != 0 {
			t.Errorf("%d became %s", year, got)
		}
	}
	for _, year := range []int{2263, 9999} {
		got := replay.InReach(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
		if next := got.Add(time.Hour); next.UnixNano() < now.UnixNano() || !time.Unix(0, next.UnixNano()).Equal(next) {
			t.Errorf("%d became %s", year, got)
		}
	}
}
