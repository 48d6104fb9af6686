package pubsub

import (
	"context"
	"errors"
	"log/slog"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// storeTime bounds what the stores may take at one request.
const storeTime = events.MaxOutage

// A Service answers requests about what accounts publish, and shows it. Its methods
// are for any goroutine.
type Service struct {
	cfg    Config
	caps   *capsCache
	newest newestCache
}

// Config is what a Service needs. Fields without a default are required.
type Config struct {
	// Documents keep what accounts publish, in the form of package pep; nil: nobody
	// publishes anything.
	Documents events.Bucket
	// Rosters say who gets whose presence.
	Rosters Rosters
	// Blocked reports that the account of one of two JIDs blocks the other JID.
	Blocked func(x, y events.JID) bool
	// Table is the state of all sessions everywhere.
	Table Table
	// Delivery brings events to sessions.
	Delivery Delivery
	// Logger is told what an operator should see; nil: nobody is told.
	Logger *slog.Logger
}

// Rosters are those of all accounts. Its methods are for any goroutine.
type Rosters interface {
	// Known is an account's roster as far as it is known at this connector, of
	// version 0 if it is not. It costs no input or output.
	Known(account events.JID) *roster.Roster
	// Read is an account's roster as it is now.
	Read(ctx context.Context, account events.JID) (*roster.Roster, error)
}

// A Table knows all sessions. The projector's is one.
type Table interface {
	// Account is what the log says of a JID's account, nil if it has no sessions. It
	// never changes, and neither do its sessions.
	Account(events.JID) *session.Account
}

// Delivery brings events to sessions on any connectors. It is package delivery's
// Router, where the methods are described.
type Delivery interface {
	Reachable(account events.JID) *session.Account
	SendEvent(from events.JID, to []*session.Session, after events.Position, message []byte, wanted bool)
	Sync(ctx context.Context) error
}

// New returns a service. It starts nothing: the caller runs Follow.
func New(cfg Config) (*Service, error) {
	if cfg.Rosters == nil || cfg.Blocked == nil || cfg.Table == nil || cfg.Delivery == nil {
		return nil, errors.New("pubsub: Rosters, Blocked, Table and Delivery are required")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{cfg: cfg, caps: newCapsCache()}, nil
}

// stored reads what an account keeps.
func (s *Service) stored(account events.JID) (*pep.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	return pep.Read(ctx, s.cfg.Documents, account)
}

// change changes what an account keeps, unless by returns what it was given.
func (s *Service) change(account events.JID, by func(*pep.Store) (*pep.Store, error)) (*pep.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	return pep.Change(ctx, s.cfg.Documents, account, by)
}
