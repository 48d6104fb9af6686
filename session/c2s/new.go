package c2s

import (
	"fmt"
	"time"

	"rollcall/events"
	"rollcall/session/auth"
	"rollcall/session/delivery"
	"rollcall/session/pubsub"
	"rollcall/session/stream"
)

// extensions in the order in which they are announced.
var extensions = []extension{
	discovery, binding, rosters, pinging, offlineMessages,
	carbons, processing, clientState, blocking,
	lastActivity, softwareVersion, entityTime,
	privateStorage, cards, eventing, registration,
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
	a, err := auth.New(cfg.Accounts, cfg.Secret)
	if err != nil {
		return nil, fmt.Errorf("c2s: %w", err)
	}
	s := &Server{
		cfg: cfg, auth: a,
		throttle:  auth.NewThrottle(auth.ThrottleConfig{}, time.Now),
		signUps:   auth.NewThrottle(signUpLimit, time.Now),
		logins:    newLogins(cfg.LoginRate),
		ended:     newEndedSessions(),
		offer:     newOffer(&cfg, extensions),
		started:   time.Now(),
		storage:   storage{cfg.Private},
		blocks:    newBlockLists(),
		following: make(chan struct{}),
	}
	s.router, err = delivery.New(delivery.Config{
		Domains: cfg.Domains, Table: cfg.Table, Courier: cfg.Courier, Offline: cfg.Offline, Local: &s.hub,
		Policy: delivery.Policy{
			Exists: s.hasCredentials, Blocked: s.blocks.blocked, ShowDirected: s.showDirected, Event: s.wantedEvent,
		},
		Limits: cfg.Limits, Logger: cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("c2s: %w", err)
	}
	s.pubsub, err = pubsub.New(pubsub.Config{
		Documents: cfg.Private, Rosters: rosterReader{s}, Blocked: s.blocks.between, Table: cfg.Table, Delivery: s.router,
		Logger: cfg.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("c2s: %w", err)
	}
	cfg.Config.Record = func(id events.ConnID, e events.Event) { s.record(id, events.JID{}, e) }
	if s.streams, err = stream.New(cfg.Config, s.serve); err != nil {
		return nil, fmt.Errorf("c2s: %w", err)
	}
	s.hub.init()
	if cfg.Blocked == nil {
		s.blocks.load()
	}
	return s, nil
}
