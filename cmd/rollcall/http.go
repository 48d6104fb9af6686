package main

import (
	"context"
	"io"
	"net/http"

	"golang.org/x/sync/errgroup"

	"rollcall/cmd/rollcall/api"
	"rollcall/events"
)

// serveHTTP answers other programs until ctx ends, from before the table is up to date, so
// that they can see it come to be.
func (n *node) serveHTTP(ctx context.Context, g *errgroup.Group) {
	server := api.New(api.Config{
		Logger:   n.log,
		Position: func() events.Seq { return n.table.Position().Seq },
		AwaitPosition: func(ctx context.Context, seq events.Seq) error {
			at := n.table.Position()
			at.Seq = seq
			return n.table.WaitFor(ctx, at)
		},
	})
	server.Handle("GET /livez", http.HandlerFunc(alive))
	if l := n.listeners.api; l != nil {
		g.Go(func() error { return server.Serve(ctx, l, nil) })
	}
	if l := n.listeners.apiTLS; l != nil {
		g.Go(func() error { return server.Serve(ctx, l, tlsConfig(n.keys)) })
	}
}

// alive answers that the process answers.
func alive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "ok\n")
}
