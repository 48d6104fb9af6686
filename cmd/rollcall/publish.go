package main

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/publisher"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// newPublisher is the role publisher, nil if this process does not play it. It knows
// pseudonyms until ctx ends.
func (n *node) newPublisher(ctx context.Context, g *errgroup.Group) *publisher.Publisher {
	if !n.cfg.has(rolePublisher) {
		return nil
	}
	return publisher.New(publisher.Config{
		Log: n.bus.Log(), Public: n.bus.Public(), Names: n.pseudonyms(ctx, g), Addresses: n.cfg.Public.form, Logger: n.log,
	})
}

// publish publishes until ctx ends.
func (n *node) publish(ctx context.Context) error {
	err := n.publisher.Run(ctx)
	switch {
	case errors.Is(err, publisher.ErrAddresses):
		return change("--public-addresses", err)
	case errors.Is(err, bus.ErrNoSpace):
		return change("--public-max-bytes", err)
	}
	return err
}

// pseudonyms are those that all roles of the process use, until ctx ends.
func (n *node) pseudonyms(ctx context.Context, g *errgroup.Group) *names.Names {
	if n.names == nil {
		n.names = names.New(n.bus.Names(), n.bus.Log())
		g.Go(func() error { return follow(ctx, n.names.Follow) }) // so that what is erased is forgotten here too
	}
	return n.names
}
