package c2s

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"rollcall/events"
	"rollcall/session/stanza"
)

// streams accepts connections and makes streams of them. Its methods are for any
// goroutine.
type streams struct {
	cfg     *Config
	handle  func(*streamConn) ending
	event   func(events.ConnID, events.Event) // before authentication
	domains map[string]bool
	tls     *tls.Config         // as the configuration's, and notes what each handshake has shown
	places  *semaphore.Weighted // of TLS handshakes

	unread budget // what peers have not read or not acknowledged
	begun  budget // what they have begun to send

	// These tell the operator of limits that were met, and noProxyHeader of a
	// proxy that does not say whom it connects for.
	tooManyUnbound, tooManyConns func()
	noProxyHeader                onceAMinute

	mu        sync.Mutex
	conns     map[*streamConn]struct{} // guarded
	unbound   *list.List               // guarded; those of conns that are not bound, oldest first
	addresses addresses                // guarded
	stopping  bool                     // guarded
	gone      sync.WaitGroup           // one for each of conns
}

// newStreams returns what serves streams, each by a call of handle. The defaults
// of cfg are set.
func newStreams(cfg *Config, handle func(*streamConn) ending, event func(events.ConnID, events.Event)) *streams {
	s := &streams{
		cfg: cfg, handle: handle, event: event,
		domains: map[string]bool{}, tls: noting(cfg.TLS), places: newPlaces(),
		conns: map[*streamConn]struct{}{}, unbound: list.New(), addresses: newAddresses(cfg),
	}
	for _, d := range cfg.Domains {
		s.domains[d] = true
	}
	s.unread.most, s.begun.most = int64(s.cfg.MaxUnread), int64(s.cfg.MaxBegun)
	s.unread.full = s.warn("stream ended: slow clients together have too much unread or not acknowledged, in bytes", s.cfg.MaxUnread)
	s.begun.full = s.warn("stream ended: clients together have sent too much of stanzas that are not complete, in bytes", s.cfg.MaxBegun)
	s.tooManyUnbound = s.warn("connection closed for a newer one: too many have not logged in", s.cfg.MaxUnbound)
	s.tooManyConns = s.warn("connection refused: there are too many", s.cfg.MaxConnections)
	return s
}

// Unread is the budget of what peers have not read, which a protocol may count
// more by: what it keeps for them until they acknowledge it.
func (s *streams) Unread() *budget { return &s.unread }

// Serve accepts connections that begin in the clear and may use STARTTLS. It
// returns nil when ctx ends, and closes the listener.
func (s *streams) Serve(ctx context.Context, l net.Listener) error {
	return s.accept(ctx, l, func(c net.Conn) net.Conn { return c })
}

// ServeTLS accepts connections that begin with TLS (XEP-0368).
func (s *streams) ServeTLS(ctx context.Context, l net.Listener) error {
	if s.tls == nil {
		return errors.New("c2s: direct TLS needs a certificate")
	}
	direct := s.tls.Clone()
	direct.NextProtos = []string{"xmpp-client"}
	return s.accept(ctx, l, func(c net.Conn) net.Conn { return tls.Server(c, direct) })
}

// accept serves a listener of TCP. wrap begins TLS, above the meter, which so
// counts what the handshake brings.
func (s *streams) accept(ctx context.Context, l net.Listener, wrap func(net.Conn) net.Conn) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		nc, err := l.Accept()
		switch {
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			// Out of descriptors, most likely: others' ends make room.
			s.cfg.Logger.Warn("accept failed", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		if s.trusts(nc.RemoteAddr()) {
			nc = &proxied{Conn: nc}
		}
		c := newStreamConn(s, nc)
		c.nc = wrap(c.nc)
		c.wire = newTCP(c)
		if !s.addConn(c) {
			nc.Close()
			continue
		}
		go func() {
			defer s.removeConn(c)
			if !s.introduce(c) {
				nc.Close()
				return
			}
			c.run()
		}()
	}
}

// EndAll begins to end the connections that which chooses. It does not wait.
func (s *streams) EndAll(e ending, which func(*streamConn) bool) {
	s.mu.Lock()
	list := make([]*streamConn, 0, len(s.conns))
	for c := range s.conns {
		if which(c) {
			list = append(list, c)
		}
	}
	s.mu.Unlock()
	for _, c := range list {
		c.End(e)
	}
}

// Shutdown ends every stream with system-shutdown, and returns when all are gone
// or ctx ends, whose error it returns then. Connections that come meanwhile are
// refused.
func (s *streams) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.EndAll(shutdown(), func(*streamConn) bool { return true })
	done := make(chan struct{})
	go func() {
		s.gone.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("end the streams: %w", ctx.Err())
	}
}

// Connections is how many there are, bound or not.
func (s *streams) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// record keeps what happens on a connection before it is authenticated.
func (s *streams) record(c *streamConn, e events.Event) {
	if s.event != nil {
		s.event(c.id, e)
	}
}

// shutdown is how streams end when the server stops.
func shutdown() ending {
	return ending{
		Err:    &stanza.StreamError{Condition: stanza.StreamSystemShutdown},
		Reason: events.ReasonShutdown,
	}
}
