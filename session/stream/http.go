package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// The HTTP side of XMPP over WebSocket: RFC 6455 and RFC 7395, 3.1.

// Limits of an HTTP connection that isn't a WebSocket yet. Each counts as a
// connection that is not bound.
const (
	// requestTime bounds the wait for a request, after the TLS handshake if there
	// is one, reading it, and its answer.
	requestTime = 10 * time.Second
	// maxRequest is what a request's headers may have, in bytes.
	maxRequest = 8 << 10
)

// WebSocketPath is where clients connect to by WebSocket.
const WebSocketPath = "/xmpp-websocket"

// ServeWebSocket accepts WebSocket connections over plain HTTP at
// [WebSocketPath], and answers discovery (XEP-0156). It is for a proxy that adds TLS,
// and for development: the listener must be on a loopback address, or there must be
// TrustedProxies, which then are the only ones beside this machine that may connect,
// or AllowPlaintext be set. Logins that come so are taken for secured; a proxy is
// believed what it says in X-Forwarded-For and X-Forwarded-Proto. It returns nil when
// ctx ends, and closes the listener.
func (s *Server) ServeWebSocket(ctx context.Context, l net.Listener) error {
	if !isLoopback(l.Addr()) && !s.cfg.AllowPlaintext {
		if len(s.cfg.TrustedProxies) == 0 {
			return errors.New("stream: WebSocket without TLS is for loopback addresses and TrustedProxies")
		}
		l = &proxiesOnly{Listener: l, srv: s}
	}
	return s.serveWeb(ctx, l, nil)
}

// ServeWebSocketTLS is ServeWebSocket over HTTPS, for any address.
func (s *Server) ServeWebSocketTLS(ctx context.Context, l net.Listener) error {
	if s.tls == nil {
		return errors.New("stream: WebSocket over TLS needs a certificate")
	}
	https := s.tls.Clone()
	https.NextProtos = []string{"http/1.1"}
	return s.serveWeb(ctx, l, https)
}

// serveWeb runs net/http on a listener. Its limits end with the request: a
// connection that becomes a WebSocket has those of a Conn from then on. Other
// paths are 404.
func (s *Server) serveWeb(ctx context.Context, l net.Listener, https *tls.Config) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+WebSocketPath, s.upgrade)
	mux.HandleFunc("GET /.well-known/host-meta", hostMetaXML)
	mux.HandleFunc("GET /.well-known/host-meta.json", hostMetaJSON)
	web := &http.Server{
		Handler:     mux,
		ReadTimeout: requestTime, WriteTimeout: requestTime, MaxHeaderBytes: maxRequest,
		ConnContext: withHTTPConn,
		ErrorLog:    slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug),
	}
	defer context.AfterFunc(ctx, func() { web.Close() })()
	err := web.Serve(&httpListener{Listener: l, srv: s, tls: https})
	if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return fmt.Errorf("serve WebSocket: %w", err)
}

// A proxiesOnly listener is one to which other machines than proxies connect in vain:
// what they would send could be read on its way.
type proxiesOnly struct {
	net.Listener
	srv *Server
}

// Accept closes others' connections before they have said anything.
func (l *proxiesOnly) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if from := nc.RemoteAddr(); isLoopback(from) || l.srv.trusts(from) {
			return nc, nil
		}
		if l.srv.noProxy.due() {
			l.srv.cfg.Logger.Warn("connection for WebSocket without TLS refused: it comes from no trusted proxy", "address", nc.RemoteAddr())
		}
		nc.Close()
	}
}

// An httpListener is one that counts connections in as they are accepted.
type httpListener struct {
	net.Listener
	srv *Server
	tls *tls.Config // nil: plain HTTP
}

// Accept counts a connection in before it has said anything, so that those of HTTP
// have the same limits as those of TCP. TLS begins when it is read (tlsConn), on
// its own goroutine.
func (l *httpListener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := newConn(l.srv, nc)
		c.via = HTTP
		h := &httpConn{Conn: &c.meter, stream: c}
		c.raw, c.nc = h, h
		if !l.srv.addConn(c) {
			nc.Close()
			continue
		}
		if l.tls == nil {
			return h, nil
		}
		t := tls.Server(h, l.tls)
		c.nc = t
		return &tlsConn{Conn: t, http: h, until: time.Now().Add(l.srv.cfg.LoginTimeout)}, nil
	}
}

// An httpConn is a connection of HTTP's, which may become a WebSocket. Until then
// net/http closes it, afterwards its Conn leaves the server by itself.
type httpConn struct {
	net.Conn
	stream *Conn
	over   sync.Once // HTTP's part is
	client net.Addr  // behind a proxy; nil: the connection's
}

// Close counts the connection out as well if it is still HTTP's. That of a WebSocket
// is counted out at the end of its stream.
func (c *httpConn) Close() error {
	c.over.Do(func() { c.stream.srv.removeConn(c.stream) })
	return c.Conn.Close()
}

// take reports whether the connection, now a WebSocket, was still open.
func (c *httpConn) take() (taken bool) {
	c.over.Do(func() { taken = true })
	return taken
}

func (c *httpConn) RemoteAddr() net.Addr {
	if c.client != nil {
		return c.client
	}
	return c.Conn.RemoteAddr()
}

type httpConnKey struct{}

// withHTTPConn lets handlers find their connection.
func withHTTPConn(ctx context.Context, nc net.Conn) context.Context {
	if t, ok := nc.(*tlsConn); ok {
		nc = t.http
	}
	return context.WithValue(ctx, httpConnKey{}, nc)
}

// upgrade makes a request's connection a WebSocket with the subprotocol xmpp,
// and a client's. Browsers say which page asks for it: it must be one of the
// same host, of this machine, or of Config.WebOrigins.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) {
	if !asksForXMPP(r.Header) {
		http.Error(w, "this is for WebSocket clients with the subprotocol xmpp (RFC 7395)", http.StatusBadRequest)
		return
	}
	hc := r.Context().Value(httpConnKey{}).(*httpConn)
	client := s.forwardedFor(r, hc)
	if client != nil && !s.forwarded(hc.stream, client) {
		if s.cfg.Refused(host(client)) {
			http.Error(w, "connections from your address are refused", http.StatusForbidden)
		} else {
			http.Error(w, "too many connections from your address", http.StatusTooManyRequests)
		}
		return
	}
	h := &hijacker{ResponseWriter: w}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		Subprotocols: []string{"xmpp"}, OriginPatterns: append(slices.Clip(localPages), s.cfg.WebOrigins...),
	})
	if err != nil {
		s.cfg.Logger.Debug("no WebSocket", "address", r.RemoteAddr, "error", err)
		return
	}
	if !hc.take() { // closed by net/http while it was handed over
		return
	}
	hc.client = client
	c := hc.stream
	c.secured = true // by TLS, by never leaving the machine, or by the operator's word
	c.wire = newWebSocket(c, ws, h.line)
	go func() {
		defer s.removeConn(c)
		c.run()
	}()
}

// localPages are origins of this machine, as patterns of path.Match.
var localPages = []string{"localhost", "localhost:*", "127.0.0.1", "127.0.0.1:*", `\[::1\]`, `\[::1\]:*`}

// asksForXMPP is RFC 7395, 3.1: without the subprotocol it is for somebody else.
func asksForXMPP(h http.Header) bool {
	for _, list := range h.Values("Sec-WebSocket-Protocol") {
		for p := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(p), "xmpp") {
				return true
			}
		}
	}
	return false
}

func isLoopback(a net.Addr) bool { return host(a).IsLoopback() }
