package main

import (
	"context"
	"fmt"
	"net"

	"golang.org/x/sync/errgroup"

	"rollcall/session/c2s"
)

// doors are the sockets that clients connect to. They are opened before
// anything else is started, so that a port in use is told at once; clients
// that come before they are served wait.
type doors struct {
	c2s, direct, web, webTLS net.Listener // nil: not opened
}

// open opens the doors of the configuration.
func (d *doors) open(cfg *Config) error {
	for _, door := range []struct {
		what, flag, addr string
		into             *net.Listener
	}{
		{"XMPP", "--c2s", cfg.C2S, &d.c2s},
		{"XMPP", "--c2s-tls", cfg.C2STLS, &d.direct},
		{"WebSocket", "--ws", cfg.WS, &d.web},
		{"WebSocket", "--ws-tls", cfg.WSTLS, &d.webTLS},
	} {
		if door.addr == "" {
			continue
		}
		l, err := net.Listen("tcp", door.addr)
		if err != nil {
			return change(door.flag, fmt.Errorf("%s port: %w", door.what, err))
		}
		*door.into = l
	}
	return nil
}

// serve runs the server on the open doors until ctx ends.
func (d *doors) serve(ctx context.Context, g *errgroup.Group, server *c2s.Server) {
	if d.c2s != nil {
		g.Go(func() error { return server.Serve(ctx, d.c2s) })
	}
	if d.direct != nil {
		g.Go(func() error { return server.ServeTLS(ctx, d.direct) })
	}
	if d.web != nil {
		g.Go(func() error { return server.ServeWebSocket(ctx, d.web) })
	}
	if d.webTLS != nil {
		g.Go(func() error { return server.ServeWebSocketTLS(ctx, d.webTLS) })
	}
}

func (d *doors) close() {
	for _, l := range []net.Listener{d.c2s, d.direct, d.web, d.webTLS} {
		if l != nil {
			l.Close()
		}
	}
}

// info is what the lease tells others of where clients connect to.
func (d *doors) info() leaseInfo {
	return leaseInfo{
		C2S: address(d.c2s), C2STLS: address(d.direct), WS: address(d.web), WSTLS: address(d.webTLS),
	}
}

func address(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}
