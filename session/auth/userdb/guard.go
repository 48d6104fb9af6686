// Package userdb keeps the logins of a domain within bounds while another database is
// asked about its users.
//
// A [Guard] stands before an [auth.Verifier], one for each domain. It gives each question
// a time, and bounds how many are asked at once: a database that hangs holds up so many
// of its own users' logins, and nobody else's. It tells the operator when a database has
// stopped giving answers, and when it gives them again, once each; neither line has an
// account, a password or a token in it.
package userdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// DefaultWaiting is how many logins wait for a database at once.
const DefaultWaiting = 1000

// DefaultTimeout is the time for one question.
const DefaultTimeout = 5 * time.Second

// calm is how long there is silence at least between two failures that are told: a
// database that fails now and then is not to fill the log.
const calm = time.Minute

// Config says whose guard it is, and its bounds.
type Config struct {
	// Source and Domain name the database in the log.
	Source, Domain string
	// Waiting bounds the questions at once; one more gets [ErrBusy]. Default
	// DefaultWaiting.
	Waiting int
	// Timeout bounds each; default DefaultTimeout.
	Timeout time.Duration
	// Logger is told of failures; nil: nobody is.
	Logger *slog.Logger
}

// ErrBusy means that too many logins wait for the database.
var ErrBusy = errors.New("too many logins wait for it")

// A Guard is a Verifier that asks another one. It may be used by many goroutines.
type Guard struct {
	cfg    Config
	asked  auth.Verifier
	places *semaphore.Weighted
	silent atomic.Bool // the last question got no answer

	mu     sync.Mutex
	failed bool      // guarded; the operator was told that it fails
	told   time.Time // guarded; when
}

// A tokenGuard is a Guard of a [auth.TokenVerifier].
type tokenGuard struct {
	*Guard
	tokens auth.TokenVerifier
}

// New returns a guard before v, which is a [auth.TokenVerifier] if v is one.
func New(v auth.Verifier, cfg Config) auth.Verifier {
	if cfg.Waiting == 0 {
		cfg.Waiting = DefaultWaiting
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	g := &Guard{cfg: cfg, asked: v, places: semaphore.NewWeighted(int64(cfg.Waiting))}
	if t, ok := v.(auth.TokenVerifier); ok {
		return &tokenGuard{g, t}
	}
	return g
}

// Check implements [auth.Verifier].
func (g *Guard) Check(ctx context.Context, account events.JID, password string) error {
	return g.within(ctx, func(ctx context.Context) error { return g.asked.Check(ctx, account, password) })
}

// Bearer implements [auth.TokenVerifier].
func (g *tokenGuard) Bearer(ctx context.Context, domain, token string) (account events.JID, err error) {
	err = g.within(ctx, func(ctx context.Context) error {
		account, err = g.tokens.Bearer(ctx, domain, token)
		return err
	})
	return account, err
}

// Answers reports that the database answered when it was asked last, or was not asked yet.
func (g *Guard) Answers() bool { return !g.silent.Load() }

// within asks in the bounds, and hears what comes of it.
func (g *Guard) within(ctx context.Context, ask func(context.Context) error) error {
	err := ErrBusy
	if g.places.TryAcquire(1) {
		defer g.places.Release(1)
		ctx, cancel := context.WithTimeout(ctx, g.cfg.Timeout)
		defer cancel()
		err = ask(ctx)
	}
	answered := auth.IsAnswer(err)
	g.silent.Store(!answered)
	g.hear(answered, err)
	if !answered {
		return fmt.Errorf("ask %s: %w", g.cfg.Source, err)
	}
	return err
}

// hear tells the operator of a change.
func (g *Guard) hear(answered bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch now := time.Now(); {
	case answered && g.failed:
		g.failed = false
		g.cfg.Logger.Warn("the user database answers again", "domain", g.cfg.Domain, "database", g.cfg.Source)
	case !answered && !g.failed && (g.told.IsZero() || now.Sub(g.told) >= calm):
		g.failed, g.told = true, now
		g.cfg.Logger.Warn("the user database gives no answer; whoever it concerns can't log in, and is told to try again",
			"domain", g.cfg.Domain, "database", g.cfg.Source, "error", err)
	}
}
