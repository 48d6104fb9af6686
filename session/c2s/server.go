package c2s

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/commands"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/guess"
	"github.com/rollcall-xmpp/rollcall/session/presence"
	"github.com/rollcall-xmpp/rollcall/session/pubsub"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// A Server is the XMPP connector of one process: it holds client connections
// and turns what they say into commands of the session service. Its methods are
// for any goroutine.
type Server struct {
	cfg      Config
	auth     *auth.Authenticator
	guesses  *guess.Limiter // of passwords
	signUps  *auth.Throttle // of registrations
	logins   *logins
	router   *delivery.Router
	storage  storage
	presence *presence.Service
	pubsub   *pubsub.Service
	commands *commands.Service // nil: there are none
	offer    *offer
	started  time.Time
	hub      hub
	ended    *endedSessions
	service  atomic.Pointer[session.Service] // nil while the connector has no lease

	stats   stats
	streams *stream.Server // of the clients
	ending  farewells
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
	e := stream.Ending{
		Err:      &stanza.StreamError{Condition: stanza.StreamReset, Text: "the connector lost touch with the session log; please connect again"},
		Reason:   events.ReasonConnectorLost,
		Recorded: true, // by whoever reaps
	}
	s.streams.EndAll(e, (*stream.Conn).IsAuthenticated)
	s.endDetached(e)
}

// Serve accepts connections that begin in the clear and may use STARTTLS. It
// returns nil when ctx ends, and closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error { return s.streams.Serve(ctx, l) }

// ServeTLS accepts connections that begin with TLS (XEP-0368).
func (s *Server) ServeTLS(ctx context.Context, l net.Listener) error {
	return s.streams.ServeTLS(ctx, l)
}

// ServeWebSocket accepts WebSocket connections over plain HTTP at
// [stream.WebSocketPath], and answers discovery (XEP-0156). It is for a proxy that adds
// TLS, and for development: the listener must be on a loopback address, or there must
// be TrustedProxies, which then are the only ones beside this machine that may
// connect, or AllowPlaintext be set. Logins that come so are taken for secured; a
// proxy is believed what it says in X-Forwarded-For and X-Forwarded-Proto. It returns
// nil when ctx ends, and closes the listener.
func (s *Server) ServeWebSocket(ctx context.Context, l net.Listener) error {
	return s.streams.ServeWebSocket(ctx, l)
}

// ServeWebSocketTLS is ServeWebSocket over HTTPS, for any address.
func (s *Server) ServeWebSocketTLS(ctx context.Context, l net.Listener) error {
	return s.streams.ServeWebSocketTLS(ctx, l)
}

// Shutdown ends every stream with system-shutdown, writes the ends of their
// sessions, and returns when all are gone or ctx ends, whose error it returns
// then. Connections that come meanwhile are refused.
func (s *Server) Shutdown(ctx context.Context) error {
	for range 2 { // the second time for sessions that lost their connection meanwhile
		s.endDetached(stream.SystemShutdown())
		if err := s.streams.Shutdown(ctx); err != nil {
			return fmt.Errorf("stop the connector: %w", err)
		}
		if err := s.ending.wait(ctx); err != nil {
			return fmt.Errorf("stop the connector: %w", err)
		}
	}
	return nil
}

// endDetached begins to end the sessions that wait for a connection.
func (s *Server) endDetached(e stream.Ending) {
	for _, cl := range s.hub.detached() {
		s.ending.Go(func() { cl.end(e) })
	}
}

// record keeps what happens on a connection without a session; claimed is the
// account that it tried to log in to, zero if it has not said.
func (s *Server) record(id events.ConnID, claimed events.JID, e events.Event) {
	if s.cfg.Pre == nil {
		return
	}
	now := time.Now()
	s.cfg.Pre.Publish(&events.Record{
		ID: events.NewEventID(now), JID: claimed, Time: now.UnixNano(), Connector: s.self(), Cause: id, Event: e,
	})
}

// self is the connector's incarnation, zero while it has none.
func (s *Server) self() events.Incarnation {
	if svc := s.service.Load(); svc != nil {
		return svc.Connector()
	}
	return events.Incarnation{}
}
