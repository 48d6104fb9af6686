package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/web"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// httpName is the connector that the records of the API name.
const httpName = "http"

// serveHTTP answers other programs until ctx ends, from before the table is up to date, so
// that they can see it come to be.
func (n *node) serveHTTP(ctx context.Context, g *errgroup.Group, guard *access.Guard) {
	if n.listeners.api == nil && n.listeners.apiTLS == nil {
		return
	}
	server := api.New(api.Config{
		Logger: n.log, Answered: n.monitor.metrics.Request, Proxy: n.cfg.Limits.isProxy,
		Position: func() events.Seq { return n.table.Position().Seq },
		AwaitPosition: func(ctx context.Context, seq events.Seq) error {
			at := n.table.Position()
			at.Seq = seq
			return n.table.WaitFor(ctx, at)
		},
	})
	n.monitor.mount(server, guard)
	pseudonyms := n.pseudonyms(ctx, g)
	kicker, err := accounts.NewAdmin(n.bus.Log(), storeOf(n.bus), httpName)
	if err != nil {
		g.Go(func() error { return err })
		return
	}
	server.Mount(ctx, &api.History{
		Archive: replay.Archive{Log: n.bus.Log(), Keyframes: n.bus.Keyframes(), Memory: &replay.Memory{}}, Pre: n.bus.Pre(), Table: n.table,
		Ready: func() bool { return !n.monitor.health.IsRebuilding() }, Leases: n.bus.Leases(), Accounts: storeOf(n.bus),
		Names: pseudonyms, Keys: n.bus.Accounts(), Rosters: n.bus.Rosters(), Kicker: kicker, Moderator: kicker, Drainer: drainer{n.bus}, Bans: n.bus.Bans(), Guard: guard, Tokens: n.bus.Tokens(), Audit: n.bus.Audit(),
		Capacity: logOnDisk(n.bus, n.nats), Projection: n.projection, Public: n.bus.Public(), Day: n.day,
	})
	server.Around(web.New(web.Config{API: server, Logger: n.log}))
	g.Go(func() error { return n.serveOnBus(ctx, server) })
	if l := n.listeners.api; l != nil {
		g.Go(func() error { return server.Serve(ctx, l, nil) })
	}
	if l := n.listeners.apiTLS; l != nil {
		g.Go(func() error { return server.Serve(ctx, l, n.certs.TLS()) })
	}
}
