package c2s

import (
	"sync/atomic"
	"time"
)

// alarmEvery is how often the operator is told of one kind of trouble. A bad
// peer can cause it thousands of times a second.
const alarmEvery = time.Minute

// An alarm says whether it is time to tell. It is for any goroutine.
type alarm struct{ last atomic.Int64 }

func (a *alarm) due() bool {
	last, now := a.last.Load(), time.Now().UnixNano()
	return now-last >= int64(alarmEvery) && a.last.CompareAndSwap(last, now)
}

// warn returns what tells the operator, now and then, that a limit was met.
func (s *Server) warn(what string, limit int) func() {
	var a alarm
	return func() {
		if a.due() {
			s.cfg.Logger.Warn(what, "limit", limit)
		}
	}
}
