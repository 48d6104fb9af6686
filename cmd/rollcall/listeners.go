package main

import (
	"context"
	"fmt"
	"net"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// listeners are the sockets that clients and other programs connect to. They are opened before
// anything else is started, so that a port in use is told at once; clients
// that come before they are served wait.
type listeners struct {
	c2s, direct, web, webTLS net.Listener // of a connector; nil: not opened
	api, apiTLS              net.Listener
}

// open opens the listeners of the configuration.
func (l *listeners) open(cfg *Config) error {
	for _, socket := range []struct {
		of               role
		what, flag, addr string
		into             *net.Listener
	}{
		{roleConnector, "XMPP", "--c2s", cfg.C2S, &l.c2s},
		{roleConnector, "XMPP", "--c2s-tls", cfg.C2STLS, &l.direct},
		{roleConnector, "WebSocket", "--ws", cfg.WS, &l.web},
		{roleConnector, "WebSocket", "--ws-tls", cfg.WSTLS, &l.webTLS},
		{roleHTTP, "HTTP", "--http", cfg.HTTP, &l.api},
		{roleHTTP, "HTTP", "--http-tls", cfg.HTTPTLS, &l.apiTLS},
	} {
		if socket.addr == "" || !cfg.has(socket.of) {
			continue
		}
		opened, err := net.Listen("tcp", socket.addr)
		if err != nil {
			return change(socket.flag, fmt.Errorf("%s port: %w", socket.what, err))
		}
		*socket.into = opened
	}
	return nil
}

// serve runs the connector's server on the open listeners until ctx ends.
func (l *listeners) serve(ctx context.Context, g *errgroup.Group, server *c2s.Server) {
	if l.c2s != nil {
		g.Go(func() error { return server.Serve(ctx, l.c2s) })
	}
	if l.direct != nil {
		g.Go(func() error { return server.ServeTLS(ctx, l.direct) })
	}
	if l.web != nil {
		g.Go(func() error { return server.ServeWebSocket(ctx, l.web) })
	}
	if l.webTLS != nil {
		g.Go(func() error { return server.ServeWebSocketTLS(ctx, l.webTLS) })
	}
}

// reopen opens the connector's listeners again, where they were. If one can't be, none is.
func (l *listeners) reopen() error {
	var again []net.Listener
	for _, closed := range []*net.Listener{&l.c2s, &l.direct, &l.web, &l.webTLS} {
		if *closed == nil {
			continue
		}
		opened, err := net.Listen("tcp", (*closed).Addr().String())
		if err != nil {
			for _, o := range again {
				o.Close()
			}
			return err
		}
		again = append(again, opened)
		*closed = opened
	}
	return nil
}

func (l *listeners) close() {
	for _, opened := range []net.Listener{l.c2s, l.direct, l.web, l.webTLS, l.api, l.apiTLS} {
		if opened != nil {
			opened.Close()
		}
	}
}

// info is what the lease tells others of where clients connect to.
func (l *listeners) info() ask.LeaseInfo {
	return ask.LeaseInfo{
		C2S: address(l.c2s), C2STLS: address(l.direct), WS: address(l.web), WSTLS: address(l.webTLS),
	}
}

func address(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}
