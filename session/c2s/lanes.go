package c2s

import (
	"slices"
	"sync"
	"time"
)

// Parcels of other connectors come one after the other. What can be handed out
// at once is; what has to wait, for the table or for a store, waits in its
// sender's lane, and only what the same lane brings waits behind it.
//
// A lane sends on what finds nobody, and waits for it to arrive. Two connectors
// would wait for each other if a stanza came back to where it has been. So it
// goes by another track, and into other lanes, each time that it is sent on, and
// a lane waits only for tracks of more hops than its own.
const (
	// laneCount bounds the goroutines that wait; senders share them by a hash.
	laneCount = 256
	// maxInLanes bounds the parcels in all lanes. At it nothing more is unpacked
	// until there is room, and senders' connectors keep what they send.
	maxInLanes = 8192
	// trackCount is one more than there are hops, for what is stored then and is
	// to be looked for: that is not sent on.
	trackCount = maxHops + 2
)

type lanes struct {
	list [trackCount][laneCount]lane
	room chan struct{} // holds a token for each parcel in a lane that others have sent
}

// A lane has a goroutine while something is in it.
type lane struct {
	mu    sync.Mutex
	queue []waitingParcel // guarded
	busy  bool            // guarded
}

type waitingParcel struct {
	parcel
	until time.Time // that it waits for the table
	done  func()
}

func newLanes() *lanes { return &lanes{room: make(chan struct{}, maxInLanes)} }

func (l *lanes) of(p *parcel) *lane { return &l.list[p.track()][p.lane%laneCount] }

func (p *parcel) track() uint8 { return min(p.hops, trackCount-1) }

// Receive unpacks a parcel of another connector. Parcels are given to it one
// after the other. One that it has not handled when it returns is when the
// function is called that later has returned.
func (s *Server) Receive(payload []byte, later func() (done func())) {
	p, err := parseParcel(payload)
	if err != nil {
		s.cfg.Logger.Warn("parcel refused", "error", err)
		return
	}
	l := s.lanes.of(&p)
	if (p.look || l.empty() && s.ready(&p)) && s.handOut(p, slices.Values(p.to)) {
		return
	}
	s.lanes.room <- struct{}{}
	done := later()
	l.put(s, p, func() {
		done()
		<-s.lanes.room
	})
}

// ready reports that nothing has to be waited for to hand out a parcel.
func (s *Server) ready(p *parcel) bool {
	if p.after.Seq > s.cfg.Table.Position().Seq {
		return false
	}
	for _, id := range p.to {
		if cl := s.hub.client(id); cl != nil && cl.looking.Load() != nil && !p.directed {
			return false
		}
	}
	return true
}

func (l *lane) empty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.busy
}

// put puts a parcel behind those that wait, and begins to work if none does. done
// is called when it has been handled.
func (l *lane) put(s *Server, p parcel, done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, waitingParcel{p, time.Now().Add(catchUp), done})
	if !l.busy {
		l.busy = true
		go l.work(s)
	}
}

// work is the lane's goroutine.
func (l *lane) work(s *Server) {
	for {
		l.mu.Lock()
		if len(l.queue) == 0 {
			l.queue, l.busy = nil, false
			l.mu.Unlock()
			return
		}
		w := l.queue[0]
		l.queue[0] = waitingParcel{}
		l.queue = l.queue[1:]
		l.mu.Unlock()
		s.unpack(w.parcel, w.until)
		w.done()
	}
}
