package main

import (
	"context"
	"net"
	"net/http"
	"net/netip"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/metrics"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A monitor tells other programs how a node is.
type monitor struct {
	probe   *metrics.Probe
	health  *metrics.Health
	metrics *metrics.Metrics
}

// newMonitor watches what there is: conn is nil without a connector.
func (n *node) newMonitor(fold *projector.Projector, conn *xmppConnector) (*monitor, error) {
	var publisher metrics.Reader
	if n.publisher != nil {
		publisher = n.publisher
	}
	m := &monitor{probe: metrics.NewProbe(n.bus, n.table.Position, publisher, logOnDisk(n.bus, n.nats).Disk)}
	cfg := metrics.Config{Bus: n.bus, Table: n.table, Probe: m.probe, Publisher: publisher, Version: version()}
	var hasLease func() bool
	if conn != nil {
		cfg.Connector, cfg.Server, cfg.Tally = n.cfg.Name, conn.server, conn.tally
		hasLease = conn.server.HasLease
	}
	if n.certs != nil {
		cfg.Certificates = n.certs.Leaves()
	}
	m.health = metrics.NewHealth(m.probe, fold, hasLease)
	cfg.Health = m.health
	var err error
	m.metrics, err = metrics.New(cfg)
	return m, err
}

// run asks until life ends. When ctx ends the node is about to stop.
func (m *monitor) run(ctx, life context.Context, g *errgroup.Group) {
	stop := context.AfterFunc(ctx, m.health.Drain)
	g.Go(func() error {
		defer stop()
		m.probe.Run(life)
		return nil
	})
}

// mount answers whoever starts, balances and watches the node.
func (m *monitor) mount(server *api.Server, guard *access.Guard) {
	m.metrics.Serve(server)
	server.HandleAlways("/livez", http.HandlerFunc(m.health.Live))
	server.HandleAlways("/readyz", http.HandlerFunc(m.health.Readyz))
	server.HandleAlways("/metrics", forWatchers(m.metrics.Handler(), guard))
}

// forWatchers lets in programs on this machine, and those that show a token of scope
// metrics: how many people are online, and what fails, is not for everybody who
// reaches the API.
func forWatchers(h http.Handler, guard *access.Guard) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocal(r) {
			switch token, err := guard.Authenticate(r); {
			case err != nil:
				w.Header().Set("WWW-Authenticate", "Bearer")
				api.WriteProblem(w, api.Problem{Status: http.StatusUnauthorized, Detail: err.Error()})
				return
			case !token.May(access.Metrics):
				api.WriteProblem(w, api.Problem{Status: http.StatusForbidden, Detail: "the token does not have the scope metrics"})
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

// isLocal reports a request of a program on this machine that is no proxy for others.
func isLocal(r *http.Request) bool {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
}

// alsoObserving tells the day of the records that are folded, too, and before whoever else
// is told; nil: there is nobody.
func alsoObserving(day *stats.Day, other observing) observing {
	if other == nil {
		return day.Observe
	}
	return func(before, after *session.Account, st *events.Stored) {
		day.Observe(before, after, st)
		other(before, after, st)
	}
}

// observing is what is told of each record that is folded, as projector.Config.Observe has it.
type observing = func(before, after *session.Account, st *events.Stored)

// observe counts what the connector writes, and then tells its server.
func (c *xmppConnector) observe(before, after *session.Account, st *events.Stored) {
	c.tally.Observe(before, after, st)
	c.server.Observe(before, after, st)
}

// projection tells programs how far the table is.
func (n *node) projection() ask.Projection {
	p := n.monitor.health.Report().Parts["table"]
	return ask.Projection{Position: n.table.Position().Seq, State: string(p.State), Detail: p.Detail, Percent: p.Percent, Lag: p.Lag, Lagging: p.Lagging}
}
