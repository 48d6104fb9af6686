package connector

import (
	"context"
	"errors"
	"iter"
	"log/slog"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A Server holds the clients of a connector. Run calls its methods, each from
// one goroutine at a time unless it says otherwise.
type Server interface {
	// Begin accepts sessions, whose events svc writes, until Suspend or
	// Shutdown. Each incarnation has a Service of its own.
	Begin(svc *session.Service)
	// Suspend ends every session without a word to the log, and accepts none
	// until Begin: the lease is lost, and others close them.
	Suspend()
	// Shutdown ends every session in the log, and returns when all have ended or
	// ctx ends, whose error it then returns.
	Shutdown(ctx context.Context) error
	// Receive takes a stanza that another connector has sent. Its payload is
	// handled when Receive returns, or, if later was called before, when done is.
	// It may be called at the same time as the other methods.
	Receive(payload []byte, later func() (done func()))
	// Reroute sends on everything that is on its way to an incarnation that has
	// ended, and returns when all of it is sent. It is called from several goroutines, again for
	// the same incarnation, and before Begin.
	Reroute(lost events.Incarnation)
}

// A Table is the state that the log adds up to. The projector's table is one.
type Table interface {
	session.States
	session.Holders
	// Holding lists the incarnations that hold sessions, or a lease as far as the log
	// says.
	Holding() []events.Incarnation
	// Sessions is how many sessions are live, whoever holds them.
	Sessions() int
	// Leases is what the log says of leases.
	Leases() *session.Leases
	// Lost says that an incarnation and all before it of its name have ended.
	Lost(events.Incarnation)
}

// Leases say which connectors run. Those of package bus are kept in JetStream.
type Leases interface {
	// Watch gives every incarnation that runs, then one change with Current set,
	// and then every change until ctx ends, renewals included. It goes on after an
	// interruption, which it reports as events.ErrUnavailable.
	Watch(ctx context.Context) iter.Seq2[events.LeaseChange, error]
	// Alive lists the incarnations that run now.
	Alive(ctx context.Context) ([]events.LeaseState, error)
	// Missing reports that the holder of a lease has no connection at this moment,
	// and has not renewed the lease since s.
	Missing(ctx context.Context, s events.LeaseState) (bool, error)
	// Revoke ends a lease for everybody at once, unless it was renewed after s: then
	// the error wraps events.ErrConflict.
	Revoke(ctx context.Context, s events.LeaseState) error
}

// A Lease is one incarnation's right to have sessions. One process at most holds
// it, and others give away its sessions only after its end.
type Lease interface {
	Incarnation() events.Incarnation
	// Run renews the lease until ctx ends or the lease is lost.
	Run(ctx context.Context) error
	// Done is closed when the lease is lost or released, and Valid reports
	// whether it holds as far as is known.
	Done() <-chan struct{}
	Valid() bool
	// Confirm reports whether the lease holds, of a process that may have been
	// frozen: then it waits until that is known, and reports false if ctx ends
	// before. Otherwise it returns at once.
	Confirm(ctx context.Context) bool
	// Release ends the lease for everybody at once. Run must have returned.
	Release(ctx context.Context) error
}

// A Courier brings the stanzas that other connectors send to an incarnation. That of
// package courier uses core NATS.
type Courier interface {
	// Receive calls handle as Server.Receive is called. When stop returns, every
	// stanza that had come has been handled.
	Receive(to events.Incarnation, handle func(payload []byte, later func() (done func()))) (stop func(), err error)
}

// Config is what Run needs. All fields but Beside, Ready, Heard and Logger are required.
type Config struct {
	// Acquire makes one attempt to get a lease for the connector's name. After an
	// *events.HeldError there is no other, unless the holder is found to be dead:
	// the name is somebody else's. Nor is there after events.ErrLeaseRefused, or an
	// *events.DeniedError. Any other error is taken for one that passes.
	Acquire func(ctx context.Context) (Lease, error)
	Leases  Leases
	Table   Table
	Log     events.Log // the table's
	Courier Courier
	Server  Server

	// Beside runs from the first lease until an orderly stop is over: listeners,
	// and whatever else the server needs. An error of it stops the connector. Nil:
	// nothing.
	Beside func(ctx context.Context) error
	// Ready is called whenever sessions are accepted from now on; nil: nobody is
	// told.
	Ready func()
	// Heard is told of each lease that begins, or has begun before, and of each that
	// ends, this connector's own included, from one goroutine; nil: nobody is.
	Heard func(s events.LeaseState, alive bool)
	// Logger gets the news for an operator; nil: nobody does.
	Logger *slog.Logger
}

func (c *Config) check() error {
	if c.Acquire == nil || c.Leases == nil || c.Table == nil || c.Log == nil || c.Courier == nil || c.Server == nil {
		return errors.New("connector: Acquire, Leases, Table, Log, Courier and Server are required")
	}
	if c.Beside == nil {
		c.Beside = func(context.Context) error { return nil }
	}
	if c.Ready == nil {
		c.Ready = func() {}
	}
	if c.Heard == nil {
		c.Heard = func(events.LeaseState, bool) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
