package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// admitPrograms lets other programs into the embedded server with the tokens that the API takes,
// as soon as these are known: to read feeds and to ask the service, and nothing else. A token
// must be for all accounts, because a feed is.
func (n *node) admitPrograms(ctx context.Context, g *errgroup.Group, guard *access.Guard) {
	if n.nats == nil || n.nats.URL() == "" {
		return
	}
	publish, subscribe := bus.ProgramSubjects()
	g.Go(func() error {
		select {
		case <-guard.Ready():
		case <-ctx.Done():
			return nil
		}
		n.nats.Admit(func(shown string) *natsd.Program {
			token, err := guard.Find(shown)
			if err != nil || !token.May(access.Read) {
				return nil
			}
			return &natsd.Program{
				Name: "token " + token.Name, Publish: publish, Subscribe: subscribe,
				Stays: func() bool { return guard.Holds(token) },
			}
		})
		return nil
	})
}
