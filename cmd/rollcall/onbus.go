package main

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
)

// serviceVersion is that of the endpoints, as NATS services have one (ADR-32).
const serviceVersion = "1.0.0"

// serveOnBus answers programs on NATS until ctx ends, as those over HTTP are answered.
func (n *node) serveOnBus(ctx context.Context, server *api.Server) error {
	var all []bus.Endpoint
	for _, e := range api.Endpoints {
		all = append(all, bus.Endpoint{Name: e.Name, Means: e.Pattern, Answer: func(ctx context.Context, q bus.Question) bus.Answer {
			status, body := server.Ask(ctx, e, q.Authorization, q.Data)
			a := bus.Answer{Status: status, Data: body}
			if status != http.StatusOK {
				a.Failed = detailOf(body, status)
			}
			return a
		}})
	}
	return n.bus.Serve(ctx, serviceVersion, n.listeners.face().metadata(), all)
}

// detailOf is what a problem says for people.
func detailOf(body []byte, status int) string {
	var p api.Problem
	if json.Unmarshal(body, &p) != nil || p.Detail == "" {
		return http.StatusText(status)
	}
	return p.Detail
}
