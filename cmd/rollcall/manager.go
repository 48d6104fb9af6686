package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/metrics"
)

const (
	// managerNews is how often a service manager is told the state.
	managerNews = 5 * time.Second
	// managerPatience is how long it is to wait at least for the next news of a start.
	managerPatience = time.Minute
)

// tellManager tells the manager that has started this process, if one has, how it is
// until life ends. Under a manager SIGHUP, which asks for a reload, never ends the
// process: where nothing is to be read again nothing happens.
func (n *node) tellManager(ctx, life context.Context, g *errgroup.Group, conn *xmppConnector) {
	if n.manager == nil {
		return
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	g.Go(func() error {
		n.manager.Watch(life, func() bool { return n.works(conn) })
		return nil
	})
	g.Go(func() error {
		defer signal.Stop(hangup)
		tick := time.NewTicker(managerNews)
		defer tick.Stop()
		for {
			n.tellState(conn)
			select {
			case <-tick.C:
			case <-hangup:
			case <-ctx.Done():
				n.manager.Stopping()
				return nil
			}
		}
	})
}

// tellState tells the state, and of a start that it goes on.
func (n *node) tellState(conn *xmppConnector) {
	text := n.state(conn)
	if n.monitor.health.IsRebuilding() && n.monitor.health.IsAlive() {
		n.manager.Starting(text, managerPatience)
		return
	}
	n.manager.Status(text)
}

// works reports that the fold goes round, and that neither the table nor the server
// of clients hangs: it does not return if one does. A process that is cut off from
// NATS works, for a new start would not mend that.
func (n *node) works(conn *xmppConnector) bool {
	n.table.Sessions()
	if conn != nil {
		conn.server.Connections()
	}
	return n.monitor.health.IsAlive()
}

// state is the report of /readyz in a line.
func (n *node) state(conn *xmppConnector) string {
	r := n.monitor.health.Report()
	for _, name := range []string{"log", "table", "connector"} {
		if p, ok := r.Parts[name]; ok && p.State != metrics.Ready && p.Detail != "" {
			return fmt.Sprintf("%s: %s", p.State, p.Detail)
		}
	}
	if r.State != metrics.Ready {
		return string(r.State)
	}
	text := "ready, " + plural(n.table.Sessions(), "session") + " on all connectors"
	if conn != nil {
		text += ", " + plural(conn.server.Connections(), "connection") + " here"
	}
	return text
}
