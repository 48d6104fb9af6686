package stream

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
)

// A Handler speaks the protocol of one connection on a goroutine of its own, from
// the peer's first stream header on. When it returns the stream is over, for the
// reason that it returns unless Conn.End was called before; it returns soon after
// that, for Next fails then.
type Handler func(*Conn) Ending

// A Server accepts connections and has their streams handled. Its methods are for
// any goroutine.
type Server struct {
	cfg      Config
	handle   Handler
	domains  map[string]bool
	tls      *tls.Config         // as the configuration's, and notes what each handshake has shown
	starttls *tls.Config         // tls for STARTTLS, which may ask for certificates
	places   *semaphore.Weighted // of TLS handshakes

	stats  stats
	unread Budget // what peers have not read or not acknowledged
	begun  Budget // what they have begun to send

	// These tell the operator of limits that were met, noProxyHeader of a proxy that
	// does not say whom it connects for, and noProxy of others where only proxies may.
	tooManyUnbound, tooManyConns func()
	noProxyHeader, noProxy       onceAMinute

	mu        sync.Mutex
	conns     map[*Conn]struct{} // guarded
	unbound   *list.List         // guarded; those of conns that are not bound, oldest first
	addresses addresses          // guarded
	stopping  bool               // guarded
	gone      sync.WaitGroup     // one for each of conns
}

// New returns a server, which does nothing until one of the Serve methods is
// called. It fails if something required is missing.
func New(cfg Config, handle Handler) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	s := &Server{
		cfg: cfg, handle: handle,
		domains: map[string]bool{}, tls: noting(cfg.TLS), places: newPlaces(),
		conns: map[*Conn]struct{}{}, unbound: list.New(), addresses: newAddresses(&cfg), stats: newStats(),
	}
	s.starttls = asking(s.tls, cfg.ClientCAs)
	for _, d := range cfg.Domains {
		s.domains[d] = true
	}
	s.unread.most, s.begun.most = int64(s.cfg.MaxUnread), int64(s.cfg.MaxBegun)
	s.unread.full = s.warn(LimitUnread, "stream ended: slow clients together have too much unread or not acknowledged, in bytes", s.cfg.MaxUnread)
	s.begun.full = s.warn(LimitBegun, "stream ended: clients together have sent too much of stanzas that are not complete, in bytes", s.cfg.MaxBegun)
	s.tooManyUnbound = s.warn(LimitUnbound, "connection closed for a newer one: too many have not logged in", s.cfg.MaxUnbound)
	s.tooManyConns = s.warn(LimitConnections, "connection refused: there are too many", s.cfg.MaxConnections)
	return s, nil
}

// Unread is the budget of the data that peers have not read, by which a
// protocol may also count those that it keeps for them until they acknowledge
// them.
func (s *Server) Unread() *Budget { return &s.unread }

// Serve accepts connections that begin in the clear and may use STARTTLS. It
// returns nil when ctx ends, and closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	return s.accept(ctx, l, func(c net.Conn) net.Conn { return c })
}

// ServeTLS accepts connections that begin with TLS (XEP-0368).
func (s *Server) ServeTLS(ctx context.Context, l net.Listener) error {
	if s.tls == nil {
		return errors.New("stream: direct TLS needs a certificate")
	}
	direct := s.tls.Clone()
	direct.NextProtos = []string{"xmpp-client"}
	direct = asking(direct, s.cfg.ClientCAs)
	return s.accept(ctx, l, func(c net.Conn) net.Conn { return tls.Server(c, direct) })
}

// accept serves a listener of TCP. wrap begins TLS, above the meter, which so
// counts what the handshake brings.
func (s *Server) accept(ctx context.Context, l net.Listener, wrap func(net.Conn) net.Conn) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	defer l.Close() // before it returns, so that nobody waits for an answer there
	for {
		nc, err := l.Accept()
		switch {
		case ctx.Err() != nil && err == nil:
			nc.Close()
			return nil
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
		c := newConn(s, nc)
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
func (s *Server) EndAll(e Ending, which func(*Conn) bool) {
	s.mu.Lock()
	list := make([]*Conn, 0, len(s.conns))
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
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.EndAll(SystemShutdown(), func(*Conn) bool { return true })
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
