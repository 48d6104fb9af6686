package bus

import (
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Limits of the courier.
const (
	// receiveMsgs and receiveBytes bound what waits for a receiver; more is
	// dropped and reported to Config.OnError.
	receiveMsgs  = 64 << 10
	receiveBytes = 128 << 20
	// unsureMsgs and unsureBytes bound what is kept of messages sent, in case
	// the server says that nobody was there to receive them.
	unsureMsgs  = 1024
	unsureBytes = 16 << 20
	// drainTimeout bounds a stop.
	drainTimeout = 5 * time.Second
)

// Courier brings messages from process to process over core NATS: at most
// once, in the order in which one sender sent them to one receiver. It is safe
// for concurrent use.
type Courier struct {
	b       *Bus
	returns string // prefix of the subjects at which the server returns messages

	mu            sync.Mutex
	undeliverable func(connector string, payload []byte) // owned by mu
	sent          uint64                                 // owned by mu; number of the newest message
	unsure        []parcel                               // owned by mu; the newest messages sent, oldest first
	unsureSize    int                                    // owned by mu; bytes of unsure
	stops         map[*handler]struct{}                  // owned by mu; what close has to stop
}

// A parcel is kept until so many newer ones were sent that it must have arrived.
type parcel struct {
	number    uint64
	connector string
	payload   []byte
}

func newCourier(b *Bus) (*Courier, error) {
	c := &Courier{b: b, returns: b.nc.NewInbox() + ".", stops: make(map[*handler]struct{})}
	_, err := b.nc.Subscribe(c.returns+"*", c.returned)
	return c, err
}

// OnUndeliverable sets what is called with a message that nobody was there to
// receive, from one goroutine. It is best effort: a receiver that dies with
// the message does not count, nor does one of the 1024 messages before the
// newest, nor more than 16 MiB of them.
func (c *Courier) OnUndeliverable(call func(connector string, payload []byte)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.undeliverable = call
}

// Send sends a message to whoever receives for the connector. It does not
// wait. Errors wrap events.ErrUnavailable and events.ErrTooLarge; the message
// was then not sent. The payload must not be changed afterwards.
func (c *Courier) Send(connector string, payload []byte) error {
	m := &nats.Msg{Subject: toPrefix + "." + Token(connector), Data: payload}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	if c.undeliverable != nil {
		m.Reply = c.returns + strconv.FormatUint(c.sent, 10)
		c.keep(parcel{c.sent, connector, payload})
	}
	if err := c.b.nc.PublishMsg(m); err != nil {
		return notSent(err)
	}
	return nil
}

// keep adds a parcel and drops the oldest ones beyond the limits.
func (c *Courier) keep(p parcel) {
	c.unsure = append(c.unsure, p)
	c.unsureSize += len(p.payload)
	for len(c.unsure) > unsureMsgs || c.unsureSize > unsureBytes && len(c.unsure) > 0 {
		c.unsureSize -= len(c.unsure[0].payload)
		c.unsure[0] = parcel{}
		c.unsure = c.unsure[1:]
	}
}

// returned handles the server's note that a message had no receiver.
func (c *Courier) returned(m *nats.Msg) {
	number, err := strconv.ParseUint(m.Subject[len(c.returns):], 10, 64)
	if err != nil || m.Header.Get(statusHeader) != statusNoResponder {
		return
	}
	p, call := c.find(number)
	if call != nil && p.number == number {
		call(p.connector, p.payload)
	}
}

func (c *Courier) find(number uint64) (p parcel, call func(string, []byte)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.unsure) == 0 || number < c.unsure[0].number {
		return p, nil
	}
	if i := number - c.unsure[0].number; i < uint64(len(c.unsure)) {
		p = c.unsure[i]
	}
	return p, c.undeliverable
}

// Receive calls handle with every message for the connector, one at a time and
// in order, from one goroutine. It has taken effect at the server when it
// returns. stop ends it: what arrives from then on is undeliverable, what has
// arrived is handled, within 5 s, and then stop returns.
func (c *Courier) Receive(connector string, handle func(payload []byte)) (stop func(), err error) {
	sub, err := c.b.nc.Subscribe(toPrefix+"."+Token(connector), func(m *nats.Msg) { handle(m.Data) })
	if err != nil {
		return nil, notSent(err)
	}
	if err := sub.SetPendingLimits(receiveMsgs, receiveBytes); err != nil {
		return nil, notSent(err)
	}
	return c.serve(sub, func() {})
}

// A handler is a subscription that is served.
type handler struct {
	b      *Bus
	sub    *nats.Subscription
	ended  chan struct{} // closed when no call is running or will come
	finish func()        // ends what the calls have started
	once   sync.Once
}

// serve waits until the server knows the subscription.
func (c *Courier) serve(sub *nats.Subscription, finish func()) (stop func(), err error) {
	h := &handler{b: c.b, sub: sub, ended: make(chan struct{}), finish: finish}
	sub.SetClosedHandler(func(string) { close(h.ended) })
	if err := c.b.nc.FlushTimeout(c.b.cfg.AttemptTimeout); err != nil {
		h.stop()
		return nil, notSent(err)
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
		if !h.b.nc.IsConnected() || h.sub.Drain() != nil {
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

func (c *Courier) close() {
	c.mu.Lock()
	stops := c.stops
	c.stops = make(map[*handler]struct{})
	c.mu.Unlock()
	for h := range stops {
		h.stop()
	}
}
