package c2s

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/commands"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/guess"
	"github.com/rollcall-xmpp/rollcall/session/presence"
	"github.com/rollcall-xmpp/rollcall/session/pubsub"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// extensions in the order in which they are announced.
var extensions = []extension{
	discovery, binding, rosters, pinging, offlineMessages,
	carbons, processing, clientState, blocking,
	lastActivity, softwareVersion, entityTime,
	privateStorage, cards, eventing, registration, adHocCommands,
}

// New returns a server that refuses logins until Begin is called. It fails if
// something required is missing. It starts nothing: the caller runs Serve and its
// like, FollowRosters and FollowBlocked, before which no client is bound, and
// FollowPublished.
func New(cfg Config) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg.setDefaults()
	s := &Server{
		cfg:     cfg,
		guesses: guess.New(guess.Config{}, time.Now),
		signUps: auth.NewThrottle(signUpLimit, time.Now),
		logins:  newLogins(),
		ended:   newEndedSessions(),
		offer:   newOffer(&cfg, extensions),
		started: time.Now(),
		stats:   newStats(),
		storage: storage{cfg.Private},
	}
	var err error
	if s.auth, err = auth.New(auth.Config{
		Accounts: foresight{s}, Secret: cfg.Secret, Domains: cfg.Users, Enroller: cfg.Enroller, Inherited: cfg.Inherited,
	}); err != nil {
		return nil, fmt.Errorf("c2s: %w", err)
	}
	s.presence, err = presence.New(presence.Config{
		Rosters: cfg.Rosters, Blocked: cfg.Blocked, Table: cfg.Table, Logger: cfg.Logger, Ended: s.endByLog,
		Served:  func(domain string) bool { return s.router.Served(domain) },
		Exists:  func(account events.JID) (bool, error) { return s.router.Exists(account) },
		Granted: func(owner, watcher events.JID) { s.pubsub.ShowLast(owner, watcher) },
	})
	if err != nil {
		return nil, fmt.Errorf("c2s: %w", err)
	}
	s.router, err = delivery.New(delivery.Config{
		Domains: cfg.Domains, Table: cfg.Table, Courier: cfg.Courier, Offline: cfg.Offline, Local: local{s},
		Policy: delivery.Policy{
			Exists: s.hasCredentials, Fleeting: s.isGuest, Keeps: s.keepsFor, Blocked: s.presence.Blocked, ShowDirected: s.presence.ShowDirected, Event: s.wantedEvent,
		},
		Limits: cfg.Limits, Logger: cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("c2s: %w", err)
	}
	s.pubsub, err = pubsub.New(pubsub.Config{
		Documents: cfg.Private, Rosters: s.presence, Blocked: s.presence.Between, Table: cfg.Table, Delivery: s.router,
		Logger: cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("c2s: %w", err)
	}
	if cfg.Administration != nil {
		s.commands = commands.New(s.commandsConfig())
	}
	cfg.Config.ClientCAs = clientCAs(cfg.Users)
	cfg.Config.Record = func(id events.ConnID, e events.Event) { s.record(id, events.JID{}, e) }
	cfg.Config.Refused = func(ip netip.Addr) bool {
		_, banned := cfg.Bans.Of(ip)
		return banned
	}
	if s.streams, err = stream.New(cfg.Config, s.serve); err != nil {
		return nil, fmt.Errorf("c2s: %w", err)
	}
	s.hub.init()
	return s, nil
}
