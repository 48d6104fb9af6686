package stream

import (
	"sync/atomic"
	"time"
)

// A onceAMinute says whether it is time to tell the operator of one kind of
// trouble, which a bad peer can cause thousands of times a second. It is for any
// goroutine.
type onceAMinute struct{ last atomic.Int64 }

func (a *onceAMinute) due() bool {
	last, now := a.last.Load(), time.Now().UnixNano()
	return now-last >= int64(time.Minute) && a.last.CompareAndSwap(last, now)
}

// warn returns a function that counts that a limit was met, and tells the operator now
// and then.
func (s *Server) warn(l Limit, what string, limit int) func() {
	var a onceAMinute
	return func() {
		s.stats.limits[l].Add(1)
		if a.due() {
			s.cfg.Logger.Warn(what, "limit", limit)
		}
	}
}
