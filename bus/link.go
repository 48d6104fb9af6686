package bus

import (
	"context"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Bus has two connections to NATS. What must not wait goes over the first: appends,
// the renewal of leases, stanzas, and what is followed as it comes. What was asked for of
// the past goes over the second, which is made for the first read: a server closes a
// connection for which more than 64 MiB wait (max_pending), and until then an
// acknowledgement stands in line behind all that.

// A link is one of them, and whether it stands.
type link struct {
	nc    *nats.Conn
	share budget // of the records that tails have under way

	mu      sync.Mutex
	up      bool          // guarded
	changed chan struct{} // guarded; closed and replaced when up changes
}

func newLink(s shares) *link {
	return &link{share: budget{shares: s}, up: true, changed: make(chan struct{})}
}

// set takes note of a loss or a return, and reports one that is news.
func (l *link) set(up bool) (news bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up == up {
		return false
	}
	l.up = up
	close(l.changed)
	l.changed = make(chan struct{})
	return true
}

// state reports whether there is a connection, and a channel that is closed when that
// changes.
func (l *link) state() (up bool, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up, l.changed
}

// pastName ends the name of the second connection, as NATS shows it.
const pastName = " (history)"

// past is the connection for reads, which the first of them makes. While it is lost, and
// the other one is not, it is waited for as long as for an answer.
func (b *Bus) past(ctx context.Context) (*link, error) {
	l, err := b.dialPast()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.cfg.AttemptTimeout)
	defer cancel()
	for {
		up, changed := l.state()
		first, lost := b.link()
		switch {
		case up:
			return l, nil
		case !first, ctx.Err() != nil:
			return nil, fmt.Errorf("%w: not connected", events.ErrUnavailable)
		}
		select {
		case <-changed:
		case <-lost:
		case <-b.closed:
			return nil, nats.ErrConnectionClosed
		case <-ctx.Done():
		}
	}
}

// dialPast makes the connection for reads, once.
func (b *Bus) dialPast() (*link, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	if b.reads != nil {
		return b.reads, nil
	}
	if up, _ := b.link(); !up || b.isClosed() {
		return nil, fmt.Errorf("%w: not connected", events.ErrUnavailable)
	}
	l := newLink(readShares)
	cfg := b.cfg
	cfg.Name += pastName
	var err error
	l.nc, err = cfg.connect(b.Address(),
		nats.DisconnectErrHandler(func(*nats.Conn, error) { l.set(false) }),
		nats.ReconnectHandler(func(*nats.Conn) { l.set(true) }),
		nats.ErrorHandler(b.asyncError))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	b.reads = l
	return l, nil
}

func (b *Bus) isClosed() bool {
	select {
	case <-b.closed:
		return true
	default:
		return false
	}
}

// hangUp closes both connections.
func (b *Bus) hangUp() {
	b.nc.Close()
	b.reading.Lock()
	defer b.reading.Unlock()
	if b.reads != nil {
		b.reads.nc.Close()
	}
}

// setConnected takes note of a loss or a return of the first connection.
func (b *Bus) setConnected(up bool) {
	if b.first.set(up) {
		b.rpc.setConnected(up)
		b.cfg.OnState(up)
	}
}

// link is the state of the first connection.
func (b *Bus) link() (connected bool, changed <-chan struct{}) { return b.first.state() }
