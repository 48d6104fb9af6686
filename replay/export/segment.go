package export

import (
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	// block is how many sequences a segment has at most: it ends at their multiples.
	block = 1 << 20
	// grace is how long after an hour's end by the log's clock it is waited for records
	// of that hour: the next leader of the stream may have a slower clock.
	grace = time.Minute
)

// A place says which segment a record belongs to: that of the newest hour in which any
// record up to it was stored, for a clock may be put back, and of its block of
// sequences. Both are functions of the log, so everybody finds the same segments.
type place struct {
	hour  int64 // since 1970
	block uint64
}

// placeOf is the place of the next record of a stream that had got to an hour.
func placeOf(reached int64, seq events.Seq, at int64) place {
	return place{hour: max(reached, at/int64(time.Hour)), block: uint64(seq-1) / block}
}

// isLast reports that no other record of the segment can come.
func (p place) isLast(seq events.Seq) bool { return uint64(seq)%block == 0 }

// isOver reports that by the log's clock no other record of the hour will come.
func isOver(hour int64, now time.Time) bool {
	return !now.Before(hourTime(hour + 1).Add(grace))
}

func hourTime(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }
