package presence

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// storeTime bounds what the stores may take at one request.
const storeTime = events.MaxOutage

// A Service knows whom the accounts with sessions at one connector see, and shows
// it to them. Its methods are for any goroutine, but for Observe.
type Service struct {
	cfg    Config
	index  *index
	blocks *blockLists

	// tail is held by whoever shows presence: by Observe for an event, and for
	// a change of a roster, which can come at the same moment. It is never held
	// over I/O.
	tail sync.Mutex

	// following is closed when changes of rosters are followed. A roster that
	// was read before might be out of date for ever.
	following chan struct{}
	follow    sync.Once // closes it

	pushes atomic.Uint64 // of rosters, to one resource each
}

// Config is what a Service needs. Fields without a default are required.
type Config struct {
	// Rosters keeps one document an account, as package roster writes it.
	Rosters events.Bucket
	// Blocked keeps block lists; nil: nobody can block anybody.
	Blocked events.Bucket
	// Table is the state of all sessions everywhere.
	Table Table
	// Served reports a domain of ours, Exists an account of one.
	Served func(domain string) bool
	Exists func(account events.JID) (bool, error)
	// Granted is told that an account gets another's presence from now on. It is
	// called by whoever has changed the rosters, and may wait. Nil: nobody is told.
	Granted func(owner, watcher events.JID)
	// Ended is told of the end of a session that may be here, at its place in the
	// log. It does not wait. Nil: nobody is told.
	Ended func(events.SessionID, events.Closed)
	// Logger is told what an operator should see; nil: nobody is told.
	Logger *slog.Logger
}

// A Table knows all sessions. The projector's is one.
type Table interface {
	// Account is what the log says of a JID's account, nil if it has no sessions. It
	// never changes, and neither do its sessions.
	Account(events.JID) *session.Account
	// Session has the full JID and can be reached; nil if there is none.
	Session(full events.JID) *session.Session
}

// New returns a service that knows nobody. It starts nothing: the caller runs
// FollowRosters and FollowBlocked, before which Hold waits, and calls Observe.
func New(cfg Config) (*Service, error) {
	if cfg.Rosters == nil || cfg.Table == nil || cfg.Served == nil || cfg.Exists == nil {
		return nil, errors.New("presence: Rosters, Table, Served and Exists are required")
	}
	if cfg.Granted == nil {
		cfg.Granted = func(_, _ events.JID) {}
	}
	if cfg.Ended == nil {
		cfg.Ended = func(events.SessionID, events.Closed) {}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: cfg, index: newIndex(), blocks: newBlockLists(), following: make(chan struct{})}
	if cfg.Blocked == nil {
		s.blocks.load()
	}
	return s, nil
}

// Pushes is how many roster pushes were sent to resources that are here.
func (s *Service) Pushes() uint64 { return s.pushes.Load() }
