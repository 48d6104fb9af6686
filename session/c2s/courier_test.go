package c2s_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A post is the courier of a world: it brings parcels in order and once, and
// keeps each until it is handled.
type post struct {
	mu    sync.Mutex
	roads map[road]*traffic // guarded
}

// A road is a track from one process to an incarnation.
type road struct {
	from  *node
	to    events.Incarnation
	track uint8
}

type traffic struct {
	kept   []sent // oldest first
	number uint64 // of the oldest
	ended  bool
	moved  chan struct{} // closed and replaced when the oldest is another one
}

type sent struct {
	payload []byte
	at      time.Time
	handled bool
}

// An arrival is a parcel in a node's inbox.
type arrival struct {
	road   road
	number uint64
}

var errEnded = errors.New("the connector has ended")

func (p *post) traffic(r road) *traffic {
	if p.roads == nil {
		p.roads = map[road]*traffic{}
	}
	if p.roads[r] == nil {
		p.roads[r] = &traffic{number: 1, moved: make(chan struct{})}
	}
	return p.roads[r]
}

// Send implements c2s.Courier, as the methods after it do.
func (n *node) Send(to events.Incarnation, track uint8, payload []byte) (uint64, error) {
	n.post.mu.Lock()
	defer n.post.mu.Unlock()
	r := road{n, to, track}
	t := n.post.traffic(r)
	if t.ended {
		return 0, errEnded
	}
	t.kept = append(t.kept, sent{payload: payload, at: time.Now()})
	number := t.number + uint64(len(t.kept)) - 1
	for _, o := range n.nodes {
		if o.receives.Load() && o.incarnation() == to {
			o.inbox <- arrival{r, number}
		}
	}
	return number, nil
}

func (n *node) Arrived(to events.Incarnation, track uint8, place uint64) bool {
	n.post.mu.Lock()
	defer n.post.mu.Unlock()
	return place < n.post.traffic(road{n, to, track}).number
}

func (n *node) Await(ctx context.Context, to events.Incarnation, track uint8, place uint64) error {
	for !n.Arrived(to, track, place) {
		n.post.mu.Lock()
		moved := n.post.traffic(road{n, to, track}).moved
		n.post.mu.Unlock()
		if n.Arrived(to, track, place) {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// linger waits for the parcels that are on their way to those that receive them: others
// may wait for that.
func (w *world) linger() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	w.post.mu.Lock()
	last := map[road]uint64{}
	for r, t := range w.post.roads {
		last[r] = t.number + uint64(len(t.kept)) - 1
	}
	w.post.mu.Unlock()
	for _, n := range w.nodes {
		for r, place := range last {
			if n.receives.Load() && r.to == n.incarnation() {
				r.from.Await(ctx, r.to, r.track, place)
			}
		}
	}
}

func (n *node) Return(of events.Incarnation, again func([]byte, time.Time, func())) {
	for _, track := range []uint8{4, 3, 2, 1, 0} {
		n.giveBack(road{n, of, track}, again)
	}
}

func (n *node) giveBack(r road, again func([]byte, time.Time, func())) {
	n.post.mu.Lock()
	t := n.post.traffic(r)
	mine := !t.ended
	t.ended = true
	list, first := slices.Clone(t.kept), t.number
	n.post.mu.Unlock()
	if !mine {
		return
	}
	for i, s := range list {
		if !s.handled {
			a := arrival{r, first + uint64(i)}
			again(s.payload, s.at, func() { n.post.handled(a) })
		}
	}
	n.Await(context.Background(), r.to, r.track, first+uint64(len(list))-1)
}

// handled marks a parcel as such and forgets all up to the first that is not.
func (p *post) handled(a arrival) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.traffic(a.road)
	if a.number < t.number {
		return
	}
	t.kept[a.number-t.number].handled = true
	for len(t.kept) > 0 && t.kept[0].handled {
		t.kept = t.kept[1:]
		t.number++
	}
	close(t.moved)
	t.moved = make(chan struct{})
}

// unpack receives what others send.
func (n *node) unpack() {
	for {
		select {
		case a := <-n.inbox:
			n.pause()
			n.deliver(a)
		case <-n.ctx.Done():
			return
		}
	}
}

func (n *node) deliver(a arrival) {
	n.post.mu.Lock()
	t := n.post.traffic(a.road)
	if a.number < t.number {
		n.post.mu.Unlock()
		return // given back
	}
	payload := t.kept[a.number-t.number].payload
	n.post.mu.Unlock()
	kept := false
	n.server.Receive(payload, func() func() {
		kept = true
		return func() { n.post.handled(a) }
	})
	if !kept {
		n.post.handled(a)
	}
}

// slowAcks is a log whose writers may be told late that something is stored.
type slowAcks struct {
	events.Log
	pause func()
}

func (l slowAcks) Append(ctx context.Context, r *events.Record) (events.Position, error) {
	p, err := l.Log.Append(ctx, r)
	l.pause()
	return p, err
}

// A lateLog is a log that a node's projector gets to know late.
type lateLog struct {
	events.Log
	pause func()
}

func (l lateLog) Follow(ctx context.Context, after events.Seq) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range l.Log.Follow(ctx, after) {
			l.pause()
			if !yield(st, err) {
				return
			}
		}
	}
}
