package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/certs"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/publisher"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/sdnotify"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
	"github.com/rollcall-xmpp/rollcall/session/connector"
)

// A node is a process of the service: what "rollcall up" starts. Its parts are
// opened in the order of its fields, and closed in the other.
type node struct {
	cfg       *Config
	log       *slog.Logger
	dir       *dataDir
	listeners listeners
	nats      *natsd.Server // nil if another NATS is used
	withdraw  func()        // says that it listens no longer; nil if nobody was told that it does
	bus       *bus.Bus

	failed    func(from netip.Addr, held bool) // writes down failed logins; nil: nothing does
	connected atomic.Bool                      // and not about to disconnect: how the connection is, is news

	certs     *certs.Set // of whatever serves over TLS
	table     *projector.Table
	day       *stats.Day           // nil if this process does not answer programs
	names     *names.Names         // nil until somebody asks for pseudonyms
	publisher *publisher.Publisher // set by run; nil if this process does not publish
	monitor   *monitor             // set by run
	leaves    int                  // sessions that the connector had when it began to stop
	manager   *sdnotify.Manager    // nil if none has started this process
	ready     func()               // called when the process serves, maybe again; set before run
}

// openNode opens everything that can fail for a reason that the command line
// mends.
func openNode(ctx context.Context, cfg *Config, log *slog.Logger) (n *node, err error) {
	n = &node{cfg: cfg, log: log, table: projector.NewTable()}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	if n.manager, err = sdnotify.Open(os.Getenv, os.Getpid()); err != nil {
		return n, err
	}
	if n.dir, err = openDataDir(cfg.Data); err != nil {
		return n, change("--data", err)
	}
	if err = n.listeners.open(cfg); err != nil {
		return n, err
	}
	if cfg.hasCerts() { // before anything else is started
		if err = n.openCerts(ctx); err != nil {
			return n, err
		}
	}
	if err = n.openBus(ctx); err != nil {
		return n, err
	}
	if !cfg.hasCerts() {
		err = n.openCerts(ctx)
	}
	return n, err
}

// openBus connects to NATS, and starts it before if it is to be in this
// process.
func (n *node) openBus(ctx context.Context) (err error) {
	var config bus.Config
	if n.cfg.external() {
		if config, err = n.cfg.NATS.config(); err != nil {
			return err
		}
	}
	config.Name, config.OnState = "rollcall "+n.cfg.Name, n.onState
	config.OnError = func(err error) {
		n.log.Warn("NATS", "error", n.cfg.NATS.explain(context.Background(), err, "change --nats"))
	}
	n.cfg.Log.apply(&config)
	if n.cfg.has(rolePublisher) {
		config.Public = &n.cfg.Public.limits
	}
	// A stream that can't be used is mended where the streams are.
	flag := "--nats"
	if !n.cfg.external() {
		if err := n.dir.checkRestored(); err != nil {
			return change("--data", err)
		}
		if n.nats, err = n.startNATS(ctx); err != nil {
			return err
		}
		config.InProcess, config.Inbox, flag = n.nats, bus.OwnInbox, "--data"
	}
	n.bus, err = bus.Connect(ctx, config)
	n.connected.Store(err == nil)
	if errors.Is(err, bus.ErrNoSpace) && n.nats != nil {
		err = fmt.Errorf("%w: it may use %s, three quarters of what is free", err, sizeText(uint64(n.nats.MaxStore())))
		if n.cfg.Log.limits.bytes != nil {
			flag = "--log-max-bytes"
		}
	}
	if n.nats == nil {
		err = n.cfg.NATS.explain(ctx, n.cfg.Log.explain(err), "change --nats")
	}
	return change(flag, err)
}

// onState tells the operator when NATS goes and comes back, but neither before the
// first connection, whose failure is an error, nor after the last.
func (n *node) onState(connected bool) {
	switch {
	case !n.connected.Load():
	case connected:
		n.log.Warn("NATS is back")
	default:
		n.log.Warn("NATS can't be reached; trying again")
	}
}

// startNATS starts the embedded server. An error names the flag that mends it.
func (n *node) startNATS(ctx context.Context) (*natsd.Server, error) {
	o := natsd.Options{
		DataDir: n.cfg.Data, Listen: n.cfg.NATSListen, Fsync: n.cfg.Fsync, Name: n.cfg.Name, Logger: n.log,
	}
	if n.cfg.natsNeedsTLS() {
		o.TLS = n.certs.TLS()
	}
	server, err := natsd.Start(ctx, o)
	switch {
	case err == nil:
		n.announce(server)
		return server, nil
	case errors.Is(err, natsd.ErrPortInUse), errors.Is(err, natsd.ErrBadAddress):
		return nil, change("--nats-listen", fmt.Errorf("embedded NATS: %w", err))
	case errors.Is(err, natsd.ErrBadFsync):
		return nil, usagef("--fsync: %w", err)
	case errors.Is(err, natsd.ErrKey):
		return nil, err // says what to do
	}
	return nil, change("--data", fmt.Errorf("embedded NATS: %w", err))
}

// close closes what is open.
func (n *node) close() {
	// First the connection, so that its buffers are written while there is a
	// server; the directory last, for its lock keeps others out.
	n.connected.Store(false)
	if n.withdraw != nil {
		n.withdraw()
	}
	if n.bus != nil {
		n.bus.Close()
	}
	if n.nats != nil {
		n.nats.Shutdown()
	}
	n.listeners.close()
	n.manager.Close()
	if n.dir != nil {
		n.dir.close()
	}
}

// run plays the roles until ctx ends. Everything that the connector needs for
// its orderly stop outlives ctx until then.
func (n *node) run(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	g, life := errgroup.WithContext(life)
	info, err := checkLog(ctx, n.bus, n.log)
	if err != nil {
		return fmt.Errorf("look at the log: %w", err)
	}
	if n.cfg.Log.differ(info) {
		n.log.Warn("the log was made with other limits than the flags name, and keeps them; rollcall log set changes them")
	}
	// Every process follows the log, whatever its roles: a connector decides and
	// routes by its own table.
	cfg := projector.Config{
		Log: n.bus.Log(), Table: n.table, Logger: n.log, Keyframes: n.bus.Keyframes(), Write: n.cfg.has(roleProjector),
	}
	var conn *xmppConnector
	if n.cfg.has(roleConnector) {
		if conn, err = n.newConnector(ctx); err != nil {
			return err
		}
		cfg.Observe = conn.observe
	}
	if n.cfg.has(roleHTTP) {
		n.day = stats.NewDay(n.table)
		cfg.Observe = alsoObserving(n.day, cfg.Observe)
	}
	fold, err := projector.New(cfg)
	if err != nil {
		return err
	}
	n.publisher = n.newPublisher(life, g)
	if n.monitor, err = n.newMonitor(fold, conn); err != nil {
		return err
	}
	n.monitor.run(ctx, life, g)
	n.tellManager(ctx, life, g, conn)
	g.Go(func() error { return fold.Run(life) })
	guard := access.NewGuard(n.bus.Tokens())
	if n.nats != nil || n.cfg.has(roleHTTP) { // a NATS that is not ours lets in whom it wants to
		g.Go(func() error { return follow(life, guard.Follow) })
	}
	n.serveHTTP(life, g, guard)
	n.admitPrograms(life, g, guard)
	g.Go(func() error {
		defer end()
		ctx, cancel := context.WithCancel(ctx)
		defer context.AfterFunc(life, cancel)() // what fails beside it stops it
		defer cancel()
		if !awaitFold(ctx, fold, n.table, info, n.log) {
			return nil
		}
		return n.serve(ctx, life, g, conn)
	})
	return g.Wait()
}

// serve plays the roles on a table that is up to date.
func (n *node) serve(ctx, life context.Context, g *errgroup.Group, conn *xmppConnector) error {
	if n.cfg.has(roleProjector) {
		stop, err := query.Answer(n.bus.Courier(), n.table, n.log)
		if err != nil {
			return err
		}
		defer stop()
	}
	stop, err := answerDisk(n.bus, n.nats)
	if err != nil {
		return err
	}
	defer stop()
	if n.publisher != nil {
		g.Go(func() error { return n.publish(life) })
	}
	g.Go(func() error {
		watch := logWatch{log: logOnDisk(n.bus, n.nats), sessions: n.table.Sessions, out: n.log}
		watch.run(life)
		return nil
	})
	if n.certs != nil {
		g.Go(func() error {
			n.certs.Watch(life)
			return nil
		})
	}
	if conn != nil {
		return conn.run(ctx)
	}
	g.Go(func() error {
		connector.WatchLeases(life, n.bus.Leases(), n.table, n.log)
		return nil
	})
	if _, err := connector.TellLost(ctx, n.bus.Leases(), n.table); err != nil && ctx.Err() == nil {
		n.log.Warn("connectors that are taken for living may be lost", "error", err)
	}
	n.ready()
	<-ctx.Done()
	return nil
}
