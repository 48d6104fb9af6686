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
	c2s, direct net.Listener // nil: not opened
}

// open opens the doors of the configuration.
func (d *doors) open(cfg *Config) error {
	for _, door := range []struct {
		flag, addr string
		into       *net.Listener
	}{{"--c2s", cfg.C2S, &d.c2s}, {"--c2s-tls", cfg.C2STLS, &d.direct}} {
		if door.addr == "" {
			continue
		}
		l, err := net.Listen("tcp", door.addr)
		if err != nil {
			return change(door.flag, fmt.Errorf("XMPP port: %w", err))
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
}

func (d *doors) close() {
	for _, l := range []net.Listener{d.c2s, d.direct} {
		if l != nil {
			l.Close()
		}
	}
}

// info is what others are told.
func (d *doors) info() (i leaseInfo) {
	if d.c2s != nil {
		i.C2S = d.c2s.Addr().String()
	}
	if d.direct != nil {
		i.C2STLS = d.direct.Addr().String()
	}
	return i
}
