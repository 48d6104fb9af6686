package courier

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Errors of Send.
var (
	// ErrBacklog: too much waits for a connector that is slow or silent.
	ErrBacklog = errors.New("too much waits for the connector; try again later")
	// ErrEnded: the incarnation has ended.
	ErrEnded = errors.New("the connector has ended")
)

// Limits of a link.
const (
	// linkMsgs and linkBytes bound what one connector keeps for one track until
	// it is handled there. Beyond it senders wait for room, roomTimeout at most.
	linkMsgs    = 32 << 10
	linkBytes   = 32 << 20
	roomTimeout = 2 * time.Second
	// resendAfter is how long nothing may arrive before all that is kept is
	// sent again, probeAfter how often a silent receiver is tried, by one
	// message.
	resendAfter = 500 * time.Millisecond
	probeAfter  = 100 * time.Millisecond
	// burst bounds in bytes what is sent again at once.
	burst = 1 << 20
)

// A link is one track from this process to one incarnation. It numbers what it
// sends from 1 and keeps it until the receiver has said that it was handled. A
// receiver takes numbers in their order only and asks for missing ones, so that
// nothing is lost, doubled or overtaken while both live, whatever NATS drops
// (go-back-N).
type link struct {
	c       *Courier
	track   track
	id      uint64
	subject string
	reply   string

	mu           sync.Mutex
	next         uint64        // guarded; number of the next message
	kept         ring          // guarded; not known to be handled, without gap up to next
	size         int           // guarded; bytes of kept
	noResponders bool          // guarded; nobody receives
	until        uint64        // guarded; if not 0, what follows it is to be sent again once it has come
	ended        bool          // guarded; the incarnation has
	moved        chan struct{} // guarded; if not nil, closed when kept gets shorter
	timer        *time.Timer   // guarded; runs while something is kept
	base         uint64        // guarded; the oldest number kept when it was set
}

// A trailer follows each payload: a version, the link's id, the message's number
// and the oldest number that is kept, at which a receiver that does not know the
// link begins.
const (
	trailerVersion = 1
	trailerSize    = 1 + 3*8
)

type trailer struct{ id, number, base uint64 }

func newLink(c *Courier, t track) *link {
	l := &link{c: c, track: t, id: rand.Uint64(), subject: c.cfg.To(t.to), next: 1}
	l.reply = c.returns + strconv.FormatUint(l.id, 16)
	return l
}

func parseLinkID(token string) (uint64, bool) {
	id, err := strconv.ParseUint(token, 16, 64)
	return id, err == nil
}

// first is the oldest number kept. The caller holds mu, as for the methods that
// follow.
func (l *link) first() uint64 { return l.next - uint64(l.kept.n) }

func (l *link) send(payload []byte) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.makeRoom(len(payload)); err != nil {
		return 0, err
	}
	number := l.next
	data := append(payload, trailerVersion)
	data = binary.BigEndian.AppendUint64(data, l.id)
	data = binary.BigEndian.AppendUint64(data, number)
	data = binary.BigEndian.AppendUint64(data, l.first())
	if err := l.publishNew(data); err != nil {
		return 0, notSent(err)
	}
	l.next++
	l.c.counts.sent.Add(1)
	l.kept.push(sentMsg{data: data, at: time.Now().UnixNano()})
	l.size += len(data)
	if l.kept.n == 1 {
		l.arm()
	}
	return number, nil
}

// publishNew sends a message unless its turn comes later, as when NATS is away;
// then it must be one that can be sent. The caller holds mu.
func (l *link) publishNew(data []byte) error {
	if int64(len(data)) > l.c.nc.MaxPayload() {
		return nats.ErrMaxPayload
	}
	if l.noResponders || l.until != 0 {
		return nil
	}
	err := l.publish(data)
	if err != nil && !l.c.nc.IsClosed() {
		l.until = l.next
		return nil
	}
	return err
}

func (l *link) publish(data []byte) error {
	return l.c.nc.PublishRequest(l.subject, l.reply, data)
}

// makeRoom waits for room.
func (l *link) makeRoom(n int) error {
	var ctx context.Context
	for {
		switch {
		case l.ended:
			return ErrEnded
		case l.kept.n < linkMsgs && l.size+n <= linkBytes:
			return nil
		case l.noResponders:
			return fmt.Errorf("%w: %s is silent", ErrBacklog, l.track.to.Name)
		}
		if ctx == nil {
			limited, cancel := context.WithTimeout(context.Background(), roomTimeout)
			defer cancel()
			ctx = limited
		}
		if err := l.wait(ctx); err != nil {
			return fmt.Errorf("%w: %s is slow", ErrBacklog, l.track.to.Name)
		}
	}
}

// wait waits for something to arrive.
func (l *link) wait(ctx context.Context) error {
	if l.moved == nil {
		l.moved = make(chan struct{})
	}
	moved := l.moved
	l.mu.Unlock()
	defer l.mu.Lock()
	select {
	case <-moved:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *link) arrived(place uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return place < l.first()
}

func (l *link) await(ctx context.Context, place uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for place >= l.first() {
		if err := l.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *link) newest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next - 1
}

// drop forgets the oldest n, which have arrived. The caller holds mu.
func (l *link) drop(n uint64) {
	for range n {
		l.size -= len(l.kept.at(0).data)
		l.kept.drop()
	}
	if n > 0 && l.moved != nil {
		close(l.moved)
		l.moved = nil
	}
}

// receipt is what the receiver says: all up to handled are, all up to taken have
// come, and again asks for the messages that follow taken.
func (l *link) receipt(r receipt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended || r.handled >= l.next {
		return
	}
	back := l.noResponders
	l.noResponders = false
	if first := l.first(); r.handled >= first {
		l.drop(r.handled - first + 1)
	}
	if r.again || back || l.until != 0 && r.taken >= l.until {
		l.sendAgain(r.taken + 1)
	}
}

// unheard is the server's note that nobody receives: for a moment, or because
// the process is dead. Its lease decides; until then it is tried.
func (l *link) unheard() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.noResponders && !l.ended {
		l.noResponders = true
		l.arm()
	}
}

// sendAgain sends what is kept from a number on, a burst of it. The caller holds
// mu.
func (l *link) sendAgain(number uint64) {
	number = max(number, l.first())
	for sent := 0; number < l.next; number++ {
		n, err := l.publishKept(number)
		if sent += n; err != nil || sent > burst {
			l.until = number // or the timer begins anew
			return
		}
	}
	l.until = 0
}

// publishKept sends one again, as far as is known now. The caller holds mu.
func (l *link) publishKept(number uint64) (int, error) {
	first := l.first()
	l.c.counts.repeated.Add(1)
	data := l.kept.at(int(number - first)).data
	binary.BigEndian.PutUint64(data[len(data)-8:], first)
	return len(data), l.publish(data)
}

// arm sets the timer. The caller holds mu.
func (l *link) arm() {
	l.base = l.first()
	after := resendAfter
	if l.noResponders {
		after = probeAfter
	}
	if l.timer == nil {
		l.timer = time.AfterFunc(after, l.tick)
	} else {
		l.timer.Reset(after)
	}
}

// tick sends again what has not arrived in time.
func (l *link) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept.n == 0 || l.ended {
		return
	}
	switch first := l.first(); {
	case l.noResponders:
		l.publishKept(first)
	case first == l.base:
		l.sendAgain(first)
	}
	l.arm()
}

// giveBack ends the link, gives back what is kept and waits until it is done
// with. It reports false if another call does so.
func (l *link) giveBack(again func(payload []byte, sent time.Time, done func())) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return false
	}
	l.ended = true
	l.stopTimer()
	for number := l.first(); number < l.next; number++ {
		m := *l.kept.at(int(number - l.first()))
		l.mu.Unlock()
		again(m.data[:len(m.data)-trailerSize], time.Unix(0, m.at), sync.OnceFunc(func() { l.doneWith(number) }))
		l.mu.Lock()
	}
	for l.kept.n > 0 {
		l.wait(context.Background())
	}
	return true
}

// doneWith says that a message that was given back needs no more.
func (l *link) doneWith(number uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept.at(int(number - l.first())).done = true
	for l.kept.n > 0 && l.kept.at(0).done {
		l.drop(1)
	}
}

// close stops the timer.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.stopTimer()
}

func (l *link) stopTimer() {
	if l.timer != nil {
		l.timer.Stop()
	}
}
