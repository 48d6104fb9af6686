package courier

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of a receiver.
const (
	// A receipt goes out when receiptEvery messages were handled, or
	// receiptAfter the first of them.
	receiptEvery = 256
	receiptAfter = 2 * time.Millisecond
	// askEvery is how often missing messages are asked for.
	askEvery = 20 * time.Millisecond
	// Beyond maxPeers links those that were not used for idlePeer are forgotten;
	// a link that is used again begins where its sender is.
	maxPeers = 1024
	idlePeer = 5 * time.Minute
)

// A receipt is what a receiver says of a link.
type receipt struct {
	handled, taken uint64
	again          bool // what follows taken has not come
}

func (r receipt) encode() []byte {
	b := []byte{0}
	if r.again {
		b[0] = 1
	}
	b = binary.BigEndian.AppendUint64(b, r.handled)
	return binary.BigEndian.AppendUint64(b, r.taken)
}

func parseReceipt(b []byte) (r receipt, ok bool) {
	if len(b) != 17 {
		return r, false
	}
	return receipt{
		again:   b[0] == 1,
		handled: binary.BigEndian.Uint64(b[1:]),
		taken:   binary.BigEndian.Uint64(b[9:]),
	}, true
}

// cutTrailer reads what follows a payload.
func cutTrailer(data []byte) (payload []byte, t trailer, ok bool) {
	n := len(data) - trailerSize
	if n < 0 || data[n] != trailerVersion {
		return nil, t, false
	}
	b := data[n+1:]
	t = trailer{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])}
	return data[:n:n], t, t.base > 0 && t.number >= t.base
}

// A receiver takes what is sent to one incarnation. Its fields are the
// subscription's goroutine's.
type receiver struct {
	c       *Courier
	to      events.Incarnation
	handle  func(payload []byte, later func() (done func()))
	later   func() (done func()) // of the message at hand
	peers   map[uint64]*peer
	current *peer
	number  uint64
	delayed bool // later was called
}

func newReceiver(c *Courier, to events.Incarnation, handle func([]byte, func() func())) *receiver {
	r := &receiver{c: c, to: to, handle: handle, peers: make(map[uint64]*peer)}
	r.later = func() func() {
		r.delayed = true
		p, number := r.current, r.number
		return sync.OnceFunc(func() { p.handledOne(number) })
	}
	return r
}

func (r *receiver) receive(m *nats.Msg) {
	payload, t, ok := cutTrailer(m.Data)
	if !ok {
		return
	}
	p := r.peers[t.id]
	if p == nil {
		r.forgetIdle()
		p = &peer{nc: r.c.nc, reply: m.Reply, next: t.base, told: t.base - 1}
		r.peers[t.id] = p
	}
	if !p.take(t) {
		return
	}
	r.c.counts.received.Add(1)
	r.current, r.number, r.delayed = p, t.number, false
	r.handle(payload, r.later)
	if !r.delayed {
		p.handledOne(t.number)
	}
}

func (r *receiver) forgetIdle() {
	if len(r.peers) < maxPeers {
		return
	}
	for id, p := range r.peers {
		if p.idle() {
			delete(r.peers, id)
		}
	}
}

// stop tells what was handled. It is called when nothing more comes.
func (r *receiver) stop() {
	for _, p := range r.peers {
		p.tell()
	}
}

// A peer is a receiver's end of a link.
type peer struct {
	nc    *nats.Conn
	reply string

	mu    sync.Mutex
	next  uint64      // guarded; the number that is expected
	open  []bool      // guarded; of the last numbers before next: whether each is handled; the first is not
	told  uint64      // guarded; the last handled number that the sender knows of
	timer *time.Timer // guarded
	armed bool        // guarded
	asked time.Time   // guarded; for missing messages
	used  time.Time   // guarded
}

// take reports whether the message is the next one.
func (p *peer) take(t trailer) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.base > p.next { // the sender has given up what was before
		p.next, p.open = t.base, nil
	}
	switch {
	case t.number == p.next:
		p.next++
		p.open = append(p.open, false)
		return true
	case t.number < p.next:
		p.say(false) // it came before, and what was said of it got lost
	default:
		if now := time.Now(); now.Sub(p.asked) > askEvery {
			p.asked = now
			p.say(true)
		}
	}
	return false
}

// handled is the number up to which all are. The caller holds mu.
func (p *peer) handled() uint64 { return p.next - 1 - uint64(len(p.open)) }

func (p *peer) handledOne(number uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := number - p.handled() - 1
	if i >= uint64(len(p.open)) {
		return // the sender has given it up
	}
	p.open[i] = true
	n := 0
	for n < len(p.open) && p.open[n] {
		n++
	}
	p.open = slices.Delete(p.open, 0, n)
	switch {
	case p.handled()-p.told >= receiptEvery:
		p.say(false)
	case n > 0 && !p.armed:
		p.arm()
	}
}

// arm sets the timer that tells what was handled. The caller holds mu.
func (p *peer) arm() {
	p.armed = true
	if p.timer == nil {
		p.timer = time.AfterFunc(receiptAfter, p.tell)
	} else {
		p.timer.Reset(receiptAfter)
	}
}

func (p *peer) tell() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = false
	if p.told != p.handled() {
		p.say(false)
	}
}

// say sends a receipt; one that gets lost is asked for by sending again. The
// caller holds mu.
func (p *peer) say(again bool) {
	p.told = p.handled()
	p.used = time.Now()
	p.nc.Publish(p.reply, receipt{p.told, p.next - 1, again}.encode())
}

func (p *peer) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open) == 0 && time.Since(p.used) > idlePeer
}
