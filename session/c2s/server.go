package c2s

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/auth"
	"rollcall/session/delivery"
	"rollcall/session/stanza"
)

// A Server is the XMPP connector of one process: it holds client connections
// and turns what they say into commands of the session service. Its methods are
// for any goroutine.
type Server struct {
	cfg      Config
	auth     *auth.Authenticator
	throttle *auth.Throttle // of logins
	signUps  *auth.Throttle // of registrations
	logins   *logins
	router   *delivery.Router
	offer    *offer
	started  time.Time
	hub      hub
	blocks   *blockLists
	caps     capsCache
	newest   newestCache
	ended    endedSessions
	service  atomic.Pointer[session.Service] // nil while the connector has no lease

	// tail is held by whoever shows presence: by Observe for an event, and for
	// a change of a roster, which can come at the same moment. It is never held
	// over I/O.
	tail sync.Mutex

	unread backlog             // what clients have not read or not acknowledged
	begun  backlog             // what they have begun to send
	places *semaphore.Weighted // of TLS handshakes

	// These tell the operator of limits that were met, and misled of a proxy
	// that does not say whom it connects for.
	crowded, crammed func()
	misled           alarm

	// following is closed when changes of rosters are followed. A roster that
	// was read before might be out of date for ever.
	following chan struct{}
	follow    sync.Once // closes it

	mu        sync.Mutex
	conns     map[*conn]struct{} // guarded
	unbound   *list.List         // guarded; those of conns that are not bound, oldest first
	addresses addresses          // guarded
	stopping  bool               // guarded
	gone      sync.WaitGroup     // one for each of conns, and of detached clients that are being ended
}

// New returns a server that refuses logins until Begin is called. It fails if
// something required is missing. It starts nothing: the caller runs Serve and its
// like, FollowRosters and FollowBlocked, before which no client is bound, and
// FollowPublished.
func New(cfg Config) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	cfg.TLS = noting(cfg.TLS)
	a, err := auth.New(cfg.Accounts, cfg.Secret)
	if err != nil {
		return nil, fmt.Errorf("c2s: %w", err)
	}
	s := &Server{
		cfg: cfg, auth: a,
		throttle: auth.NewThrottle(auth.ThrottleConfig{}, time.Now),
		signUps:  auth.NewThrottle(signUpLimit, time.Now),
		logins:   newLogins(cfg.LoginRate),
		places:   newPlaces(),
		offer:    newOffer(&cfg, extensions),
		started:  time.Now(),
		blocks:   newBlockLists(),
		conns:    map[*conn]struct{}{}, unbound: list.New(), addresses: newAddresses(&cfg),
		following: make(chan struct{}),
	}
	s.router, err = delivery.New(delivery.Config{
		Domains: cfg.Domains, Table: cfg.Table, Courier: cfg.Courier, Offline: cfg.Offline, Local: &s.hub,
		Policy: delivery.Policy{
			Exists: s.hasCredentials, Blocked: s.blocks.blocked, ShowDirected: s.showDirected, Event: s.wantedEvent,
		},
		Limits: cfg.Limits, Logger: cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("c2s: %w", err)
	}
	s.hub.init()
	s.unread.most, s.begun.most = int64(s.cfg.MaxUnread), int64(s.cfg.MaxBegun)
	s.unread.full = s.warn("stream ended: slow clients together have too much unread or not acknowledged, in bytes", s.cfg.MaxUnread)
	s.begun.full = s.warn("stream ended: clients together have sent too much of stanzas that are not complete, in bytes", s.cfg.MaxBegun)
	s.crowded = s.warn("connection closed for a newer one: too many have not logged in", s.cfg.MaxUnbound)
	s.crammed = s.warn("connection refused: there are too many", s.cfg.MaxConnections)
	if cfg.Blocked == nil {
		s.blocks.load()
	}
	return s, nil
}

// hasCredentials reports whether there is such an account.
func (s *Server) hasCredentials(ctx context.Context, account events.JID) (bool, error) {
	_, err := s.cfg.Accounts.Credentials(ctx, account)
	if errors.Is(err, auth.ErrNoAccount) {
		return false, nil
	}
	return err == nil, err
}

// Begin accepts logins, whose events svc writes. The caller has acquired the
// connector's lease and has closed in the log what its predecessor left.
func (s *Server) Begin(svc *session.Service) {
	s.router.Begin(svc)
	s.service.Store(svc)
}

// Receive takes a parcel of another connector; see [delivery.Router.Receive].
func (s *Server) Receive(parcel []byte, later func() (done func())) { s.router.Receive(parcel, later) }

// Reroute sends on what a connector whose lease has ended did not handle; see
// [delivery.Router.Reroute].
func (s *Server) Reroute(lost events.Incarnation) { s.router.Reroute(lost) }

// Suspend ends every session and refuses logins until Begin is called again. It
// is for a connector that has lost its lease: others have taken its sessions
// for dead, or will, so no client may go on believing in one.
func (s *Server) Suspend() {
	s.service.Store(nil)
	s.router.Begin(nil)
	s.endAll(ending{
		err:    &stanza.StreamError{Condition: stanza.StreamReset, Text: "the connector lost touch with the session log; please connect again"},
		reason: events.ReasonConnectorLost,
		logged: true, // by whoever reaps
	}, func(c *conn) bool { return c.hasSession() })
}

// Serve accepts connections that begin in the clear and may use STARTTLS. It
// returns nil when ctx ends, and closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	return s.accept(ctx, l, func(c net.Conn) net.Conn { return c })
}

// ServeTLS accepts connections that begin with TLS (XEP-0368).
func (s *Server) ServeTLS(ctx context.Context, l net.Listener) error {
	if s.cfg.TLS == nil {
		return errors.New("c2s: direct TLS needs a certificate")
	}
	direct := s.cfg.TLS.Clone()
	direct.NextProtos = []string{"xmpp-client"}
	return s.accept(ctx, l, func(c net.Conn) net.Conn { return tls.Server(c, direct) })
}

// accept serves a listener of TCP. wrap begins TLS, above the meter, which so
// counts what the handshake brings.
func (s *Server) accept(ctx context.Context, l net.Listener, wrap func(net.Conn) net.Conn) error {
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
		c := newConn(s, nc)
		c.nc = wrap(c.nc)
		c.wire = newTCP(c)
		if !s.enter(c) {
			nc.Close()
			continue
		}
		go func() {
			defer s.leave(c)
			if !s.introduce(c) {
				nc.Close()
				return
			}
			c.run()
		}()
	}
}

// Shutdown ends every stream with system-shutdown, writes the ends of their
// sessions, and returns when all are gone or ctx ends, whose error it returns
// then. Connections that come meanwhile are refused.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.endAll(ending{
		err:    &stanza.StreamError{Condition: stanza.StreamSystemShutdown},
		reason: events.ReasonShutdown,
	}, func(*conn) bool { return true })
	done := make(chan struct{})
	go func() {
		s.gone.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop the connector: %w", ctx.Err())
	}
}

// endAll begins to end the connections that which chooses, and ends all sessions
// that wait for one.
func (s *Server) endAll(e ending, which func(*conn) bool) {
	s.mu.Lock()
	list := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		if which(c) {
			list = append(list, c)
		}
	}
	s.mu.Unlock()
	for _, c := range list {
		c.end(e)
	}
	for _, cl := range s.hub.detached() {
		s.gone.Go(func() { cl.end(e) }) // what it hasn't acknowledged may have to be stored
	}
}

// Connections is how many clients are connected, bound or not.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// record keeps what happens on a connection without a session; claimed is the
// account that it tried to log in to, zero if it has not said.
func (s *Server) record(c *conn, claimed events.JID, e events.Event) {
	if s.cfg.Pre == nil {
		return
	}
	now := time.Now()
	s.cfg.Pre.Publish(&events.Record{
		ID: events.NewID(now), JID: claimed, Time: now.UnixNano(), Connector: s.self(), Cause: c.id, Event: e,
	})
}

// self is the connector's incarnation, zero while it has none.
func (s *Server) self() events.Incarnation {
	if svc := s.service.Load(); svc != nil {
		return svc.Connector
	}
	return events.Incarnation{}
}
