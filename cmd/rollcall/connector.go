package main

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/bans"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/connector"
	"github.com/rollcall-xmpp/rollcall/session/stream"
	"github.com/rollcall-xmpp/rollcall/session/tally"
)

// documentsRetry is how long to wait before documents that could not be reached
// are tried again.
const documentsRetry = 100 * time.Millisecond

// An xmppConnector is the part of a node that package connector runs: the server, and
// the listeners and followers beside it.
type xmppConnector struct {
	*node
	server      *c2s.Server
	tally       *tally.Tally
	credentials *auth.Recent
	inherited   *accounts.Inheritances
	bans        *bans.Table
	lease       bus.LeaseRequest
	told        ask.LeaseInfo // with drain as it is, the lease's info
	drain       drain
	peers       peerWatches
}

// newConnector puts the XMPP connector together.
func (n *node) newConnector(ctx context.Context) (*xmppConnector, error) {
	secret, err := accounts.SharedSecret(ctx, n.bus.Accounts())
	if err != nil {
		return nil, err
	}
	inherited := &accounts.Inheritances{}
	if err := inherited.Load(ctx, n.bus.Accounts(), n.cfg.Domains); err != nil {
		return nil, err
	}
	users, err := n.cfg.Users.Open(n.log)
	if err != nil {
		return nil, err
	}
	var registry c2s.Registry
	if n.cfg.Registration {
		registry = storeOf(n.bus)
	}
	administration, err := n.administration()
	if err != nil {
		return nil, err
	}
	credentials, banned := credentialsFor(n.bus.Accounts(), n.table), new(bans.Table)
	clients := c2s.Config{
		Config: stream.Config{
			Domains: n.cfg.Domains, TLS: n.certs.TLS(), AllowPlaintext: n.cfg.AllowPlaintext, WebOrigins: n.cfg.WSOrigins,
			Logger: n.log,
		},
		ChannelBinding: n.cfg.ChannelBinding, Conflict: n.cfg.Conflict, MaxResources: n.cfg.MaxResources,
		Roles: n.cfg.accounts.set, Administration: administration,
		Accounts: credentials, Secret: secret, Inherited: inherited.Of, Registry: registry, Users: users, Enroller: storeOf(n.bus),
		Rosters: n.bus.Rosters(), Blocked: n.bus.Blocked(), Private: n.bus.Private(), Offline: n.bus.Waiting(), Bans: banned,
		Table: n.table, Courier: n.bus.Courier(), Pre: n.bus.Pre(), Failed: n.failed, Version: version(),
	}
	n.cfg.Limits.apply(&clients)
	server, err := c2s.New(clients)
	if err != nil {
		return nil, err
	}
	told := n.listeners.info()
	told.Domains, told.Users = n.cfg.Domains, n.cfg.Users.Kinds()
	told.Roles = n.cfg.accounts.defined
	return &xmppConnector{
		node: n, server: server, tally: tally.New(n.cfg.Name), credentials: credentials, inherited: inherited, bans: banned,
		peers: peerWatches{newDomainWatch(n.cfg.Name, withUsers(told.Domains, told.Users), n.log), newRoleWatch(n.cfg.Name, told.Roles, n.log)},
		lease: bus.LeaseRequest{Name: n.cfg.Name, Instance: n.dir.instance, TTL: n.cfg.Lease}, told: told,
		drain: drain{orders: make(chan drainCall)},
	}, nil
}

// run serves until ctx ends, and has stopped in an orderly way when it returns
// nil.
func (c *xmppConnector) run(ctx context.Context) error {
	err := connector.Run(ctx, connector.Config{
		Acquire: c.acquire,
		Leases:  c.bus.Leases(), Table: c.table, Log: warningLog{c.bus.Log(), c.log}, Courier: c.bus.Courier(),
		Server: leaving{c.server, c.node}, Beside: c.beside, Ready: c.ready, Heard: c.peers.hear, Logger: c.log,
	})
	if errors.Is(err, events.ErrHeld) {
		return change("--name", err)
	}
	return err
}

// beside lets clients come, and keeps the server told of changes in the documents.
func (c *xmppConnector) beside(ctx context.Context) error {
	// Nobody may come before the bans are known.
	if err := follow(ctx, func(ctx context.Context) error { return c.bans.Read(ctx, c.bus.Bans()) }); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return follow(ctx, func(ctx context.Context) error {
			return followCredentials(ctx, c.bus.Accounts(), c.credentials, c.inherited, c.cfg.Domains)
		})
	})
	g.Go(func() error { return c.settle(ctx) })
	g.Go(func() error { return follow(ctx, c.server.FollowRosters) })
	g.Go(func() error { return follow(ctx, c.server.FollowBlocked) })
	g.Go(func() error { return follow(ctx, c.server.FollowPublished) })
	g.Go(func() error { return c.followFailures(ctx) })
	g.Go(func() error { return c.learnLogins(ctx) })
	g.Go(func() error { return follow(ctx, c.answerAnnouncements) })
	g.Go(func() error {
		return follow(ctx, func(ctx context.Context) error { return c.bans.Follow(ctx, c.bus.Bans(), c.server.EnforceBans) })
	})
	g.Go(func() error { return follow(ctx, c.answerDrainOrders) })
	g.Go(func() error { return c.admit(ctx) })
	return g.Wait()
}

// settle lets domains offer SCRAM-SHA-256 again where nobody needs another mechanism any
// longer. What keeps it from that does no harm: the next start tries again.
func (c *xmppConnector) settle(ctx context.Context) error {
	store := accounts.Store{Keys: c.bus.Accounts()}
	if err := store.Settle(ctx, c.cfg.Domains, time.Now()); err != nil && ctx.Err() == nil {
		c.log.Warn("whether all accounts have keys for SCRAM-SHA-256 is not known", "error", err)
	}
	return nil
}

// follow begins to follow documents as soon as they can be reached; from then on
// interruptions pass by themselves.
func follow(ctx context.Context, documents func(context.Context) error) error {
	for {
		err := unlessOver(ctx, documents(ctx))
		if !errors.Is(err, events.ErrUnavailable) {
			return err
		}
		select {
		case <-time.After(documentsRetry):
		case <-ctx.Done():
			return nil
		}
	}
}

// unlessOver passes an error on unless it is only that ctx has ended.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
