package events

import (
	"sync"
	"sync/atomic"
	"time"
)

// MaxOutage is how long an outage is waited out, from its first failure on: a
// cluster that elects the leader of a stream can't be reached for some 7 to 15 s.
const MaxOutage = 30 * time.Second

// forgotten is after how long without a failure the next one begins another
// outage.
const forgotten = 10 * time.Second

// An Outage is for callers of a store that sometimes can't be reached. They wait
// and try again as long as Failed says so: in an outage that goes on for long those
// that come late are told at once. It is safe for concurrent use. The zero Outage
// is over.
type Outage struct {
	on    atomic.Bool
	mu    sync.Mutex
	since time.Time // guarded; of the first failure
	last  time.Time // guarded; of the newest
}

// Failed notes that the store could not be reached, and reports whether to try
// again.
func (o *Outage) Failed() bool {
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.on.Swap(true) || now.Sub(o.last) > forgotten {
		o.since = now
	}
	o.last = now
	return now.Sub(o.since) < MaxOutage
}

// Reached notes that the store has answered.
func (o *Outage) Reached() {
	if o.on.Load() {
		o.on.Store(false)
	}
}
