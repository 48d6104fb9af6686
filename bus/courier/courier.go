package courier

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of the courier.
const (
	// receiveMsgs and receiveBytes bound what waits for a receiver. More is
	// dropped, and sent again by its sender.
	receiveMsgs  = 64 << 10
	receiveBytes = 128 << 20
	// drainTimeout bounds a stop, lingerTimeout the wait for the messages that
	// were sent before it ends, and before the connection is closed.
	drainTimeout  = 5 * time.Second
	lingerTimeout = time.Second
)

// Config is what a courier needs. All of it must be set.
type Config struct {
	Conn  *nats.Conn
	To    func(events.Incarnation) string // the subject on which an incarnation receives
	Verbs string                          // what the subjects of verbs begin with
	Takes string                          // what the subjects begin with at which an asker says what it took
	// Subscribing has a subscription made, and waits until the server knows of it, or
	// refuses it.
	Subscribing func(subject string, subscribe func() error) error
	// Denied gives a channel that has an error once the server refuses to publish to a subject.
	Denied func(subject string) (denied <-chan error, stop func())
}

// Courier brings messages from process to process over core NATS, to a
// connector's incarnation: in the order in which one sender sent them to one
// receiver on one track, each once, as long as both live. Nothing on one track
// waits for anything on another. The receiver says what it has handled; the
// sender keeps everything else, sends again what got lost, and gives it back if
// the incarnation has ended (Return). It is safe for concurrent use.
type Courier struct {
	cfg     Config
	nc      *nats.Conn
	returns string // prefix of the subjects at which links are answered
	counts  counts

	mu    sync.RWMutex
	links map[track]*link       // owned by mu
	byID  map[uint64]*link      // owned by mu; the same
	over  map[string]uint64     // owned by mu; by name, the epoch up to which all have ended
	stops map[*handler]struct{} // owned by mu; what close has to stop
	last  *receiver             // owned by mu; of the newest Receive
}

// A track is one of those to an incarnation.
type track struct {
	to     events.Incarnation
	number uint8
}

// New makes the courier of one process. Its connection should reconnect for ever
// and keep nothing that it can't send; the caller closes it, after the courier.
func New(cfg Config) (*Courier, error) {
	if cfg.Conn == nil || cfg.To == nil || cfg.Verbs == "" || cfg.Subscribing == nil || cfg.Takes == "" || cfg.Denied == nil {
		return nil, errors.New("courier: Conn, To, Verbs, Takes, Subscribing and Denied are required")
	}
	c := &Courier{
		cfg: cfg, nc: cfg.Conn, returns: cfg.Conn.NewInbox() + ".",
		links: make(map[track]*link), byID: make(map[uint64]*link),
		over: make(map[string]uint64), stops: make(map[*handler]struct{}),
	}
	if _, err := c.nc.Subscribe(c.returns+"*", c.answered); err != nil {
		return nil, notSent(err)
	}
	return c, nil
}

// Send sends a message to whoever receives for the incarnation, and returns its
// place among those sent there on the same track. While NATS can't be reached the
// message waits. If too much is on its way Send waits for room, up to 2 s, but not
// for a receiver that is silent. Errors wrap ErrBacklog, ErrEnded,
// events.ErrTooLarge, or events.ErrUnavailable if the connection is closed; the message
// was then not sent. The payload is the courier's from then on.
func (c *Courier) Send(to events.Incarnation, number uint8, payload []byte) (place uint64, err error) {
	l, err := c.link(track{to, number})
	if err != nil {
		return 0, err
	}
	return l.send(payload)
}

// Arrived reports that the message of that place on a track, and all before it
// there, have been handled by the receiver or given back by Return.
func (c *Courier) Arrived(to events.Incarnation, number uint8, place uint64) bool {
	l := c.known(track{to, number})
	return l == nil || l.arrived(place)
}

// Await waits until the message of that place has arrived, or returns the error
// of ctx.
func (c *Courier) Await(ctx context.Context, to events.Incarnation, number uint8, place uint64) error {
	if l := c.known(track{to, number}); l != nil {
		return l.await(ctx, place)
	}
	return nil
}

// Return gives back the messages that were sent to an incarnation that has ended
// and are not known to be handled, each with the time at which it was sent: each
// track's in order, those of the highest number first. Each counts as arrived
// when its done, and those of all before it, have been called; Return waits for
// that. From then on nothing can be sent there, or to any before it of the same
// name.
func (c *Courier) Return(of events.Incarnation, again func(payload []byte, sent time.Time, done func())) {
	c.mu.Lock()
	c.over[of.Name] = max(c.over[of.Name], of.Epoch)
	var ended []*link
	for t, l := range c.links {
		if t.to.Name == of.Name && t.to.Epoch <= of.Epoch {
			ended = append(ended, l)
		}
	}
	c.mu.Unlock()
	slices.SortFunc(ended, func(a, b *link) int { return cmp.Compare(b.track.number, a.track.number) })
	for _, l := range ended {
		if l.giveBack(again) {
			c.forget(l)
		}
	}
}

// link finds or makes the link of a track.
func (c *Courier) link(t track) (*link, error) {
	if l := c.known(t); l != nil {
		return l, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.to.Epoch <= c.over[t.to.Name] {
		return nil, ErrEnded
	}
	if c.links[t] == nil {
		l := newLink(c, t)
		c.links[t], c.byID[l.id] = l, l
	}
	return c.links[t], nil
}

func (c *Courier) known(t track) *link {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.links[t]
}

func (c *Courier) forget(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.links, l.track)
	delete(c.byID, l.id)
}

// answered handles what a receiver says of a link, or the server's note that
// there is no receiver.
func (c *Courier) answered(m *nats.Msg) {
	id, ok := parseLinkID(m.Subject[len(c.returns):])
	if !ok {
		return
	}
	c.mu.RLock()
	l := c.byID[id]
	c.mu.RUnlock()
	switch {
	case l == nil:
	case noResponders(m):
		l.unheard()
	default:
		if r, ok := parseReceipt(m.Data); ok {
			l.receipt(r)
		}
	}
}

// Receive calls handle with every message for the incarnation, one at a time and
// in order, from one goroutine. It has taken effect at the server when it
// returns. A message counts as handled when handle returns, unless handle has
// called later, which it may do once and only before: then when what later
// returned is called. stop ends it: what arrives from then on is not handled,
// what has arrived is, within 5 s. Then stop has the server tell the senders what
// was handled, so that they give none of it to others, and returns. After that, and
// not before, Receive may be called for the same incarnation again.
func (c *Courier) Receive(to events.Incarnation, handle func(payload []byte, later func() (done func()))) (stop func(), err error) {
	r := c.receiver(to, handle)
	return c.serve(c.cfg.To(to), func(subject string) (*nats.Subscription, error) {
		sub, err := c.nc.Subscribe(subject, r.receive)
		if err == nil {
			err = sub.SetPendingLimits(receiveMsgs, receiveBytes)
		}
		return sub, err
	}, func() {
		r.stop()
		if c.nc.IsConnected() {
			c.nc.FlushTimeout(lingerTimeout)
		}
	})
}

// receiver makes the receiver of an incarnation. Messages that one before it has
// taken for the same incarnation may be under way once more, and are not taken
// again.
func (c *Courier) receiver(to events.Incarnation, handle func([]byte, func() func())) *receiver {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := newReceiver(c, to, handle)
	if c.last != nil && c.last.to == to {
		r.peers = c.last.peers
	}
	c.last = r
	return r
}

// A handler is a subscription that is served.
type handler struct {
	nc     *nats.Conn
	sub    *nats.Subscription
	ended  chan struct{} // closed when no call is running or will come
	finish func()        // ends what the calls have started
	once   sync.Once
}

// serve subscribes, and waits until the server knows of it.
func (c *Courier) serve(subject string, subscribe func(string) (*nats.Subscription, error), finish func()) (stop func(), err error) {
	h := &handler{nc: c.nc, ended: make(chan struct{}), finish: finish}
	err = c.cfg.Subscribing(subject, func() (err error) {
		if h.sub, err = subscribe(subject); h.sub != nil {
			h.sub.SetClosedHandler(func(string) { close(h.ended) })
		}
		if err != nil {
			return notSent(err)
		}
		return nil
	})
	switch {
	case h.sub == nil:
		finish()
		return nil, err
	case err != nil:
		h.stop()
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stops[h] = struct{}{}
	return func() {
		c.mu.Lock()
		delete(c.stops, h)
		c.mu.Unlock()
		h.stop()
	}, nil
}

// stop lets what has arrived be handled, if there is a connection; without
// one nats.go could not tell when that is.
func (h *handler) stop() {
	h.once.Do(func() {
		if !h.nc.IsConnected() || h.sub.Drain() != nil {
			h.sub.Unsubscribe()
		}
		select {
		case <-h.ended:
		case <-time.After(drainTimeout):
			h.sub.Unsubscribe()
			<-h.ended
		}
		h.finish()
	})
}

// Close waits for messages that were sent to arrive, 1 s at most, and stops what
// Receive and Answer have begun.
func (c *Courier) Close() {
	c.linger()
	c.mu.Lock()
	stops := c.stops
	c.stops = make(map[*handler]struct{})
	c.mu.Unlock()
	for h := range stops {
		h.stop()
	}
}

// linger waits for messages that were sent to arrive.
func (c *Courier) linger() {
	ctx, cancel := context.WithTimeout(context.Background(), lingerTimeout)
	defer cancel()
	c.mu.RLock()
	links := make([]*link, 0, len(c.links))
	for _, l := range c.links {
		links = append(links, l)
	}
	c.mu.RUnlock()
	for _, l := range links {
		if c.nc.IsConnected() {
			l.await(ctx, l.newest())
		}
		l.close()
	}
}
