package delivery

import (
	"sync"
	"time"
)

// Parcels of other connectors come one after the other. One that can be handed
// out at once is; one that has to wait, for the table or for a store, waits in
// its sender's queue, and only parcels of the same queue wait behind it.
//
// A queue sends on a stanza that finds nobody, and waits for it to arrive. Two
// connectors would wait for each other if a stanza came back to where it has
// been. So it goes by another track, and into other queues, each time that it is
// sent on, and a queue waits only for tracks of more hops than its own.
const (
	// queueCount bounds the goroutines that wait; senders share them by a hash.
	queueCount = 256
	// maxQueued bounds the parcels in all queues. At it nothing more is unpacked
	// until there is room, and senders' connectors keep what they send.
	maxQueued = 8192
	// trackCount is one more than there are tracks with stanzas, the last of
	// which may still store one and have it fetched: the parcel for that is not
	// sent on.
	trackCount = maxHops + 2
)

type queues struct {
	list [trackCount][queueCount]queue
	room chan struct{} // holds a token for each parcel in a queue that others have sent
}

// A queue has a goroutine while something is in it.
type queue struct {
	mu    sync.Mutex
	queue []queued // guarded
	busy  bool     // guarded
}

// A queued parcel waits.
type queued struct {
	parcel
	until time.Time // that it waits for the table
	done  func()
}

func newQueues() *queues { return &queues{room: make(chan struct{}, maxQueued)} }

func (q *queues) of(p *parcel) *queue { return &q.list[p.track()][p.lane%queueCount] }

func (p *parcel) track() uint8 { return min(p.hops, trackCount-1) }

// Receive unpacks a parcel of another connector. Parcels are given to it one
// after the other. One that it has not handled when it returns is handled when
// the function that later has returned is called. It may wait for room in the
// queues, but not for a client to read.
func (r *Router) Receive(payload []byte, later func() (done func())) {
	p, err := parseParcel(payload)
	if err != nil {
		r.cfg.Logger.Warn("parcel refused", "error", err)
		return
	}
	q := r.queues.of(&p)
	if (p.fetch || q.empty() && r.ready(&p) && r.stopped(&p) == nil) && r.handOut(&p) {
		return
	}
	r.queues.room <- struct{}{}
	done := later()
	q.put(r, p, func() {
		done()
		<-r.queues.room
	})
}

// ready reports that nothing has to be waited for to hand out a parcel.
func (r *Router) ready(p *parcel) bool {
	if p.after.Seq > r.cfg.Table.Position().Seq {
		return false
	}
	for _, id := range p.to {
		if c := r.cfg.Local.Recipient(id); c != nil && c.fetching.Load() != nil && !p.directed {
			return false
		}
	}
	return true
}

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.busy
}

// put puts a parcel behind those that wait, and begins to work if none does. done
// is called when it has been handled.
func (q *queue) put(r *Router, p parcel, done func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = append(q.queue, queued{p, time.Now().Add(CatchUp), done})
	if !q.busy {
		q.busy = true
		go q.work(r)
	}
}

// work is the queue's goroutine.
func (q *queue) work(r *Router) {
	for {
		q.mu.Lock()
		if len(q.queue) == 0 {
			q.queue, q.busy = nil, false
			q.mu.Unlock()
			return
		}
		w := q.queue[0]
		q.queue[0] = queued{}
		q.queue = q.queue[1:]
		q.mu.Unlock()
		r.unpack(w.parcel, w.until)
		w.done()
	}
}
