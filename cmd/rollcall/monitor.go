package main

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"

	"golang.org/x/sync/errgroup"

	"rollcall/cmd/rollcall/api"
	"rollcall/cmd/rollcall/metrics"
	"rollcall/events"
	"rollcall/projector"
	"rollcall/session"
)

// A monitor tells other programs how a node is.
type monitor struct {
	probe   *metrics.Probe
	health  *metrics.Health
	metrics *metrics.Metrics
}

// newMonitor watches what there is: conn is nil without a connector.
func (n *node) newMonitor(fold *projector.Projector, conn *xmppConnector) (*monitor, error) {
	m := &monitor{probe: metrics.NewProbe(n.bus, n.table.Position)}
	cfg := metrics.Config{Bus: n.bus, Table: n.table, Probe: m.probe, Version: version()}
	var hasLease func() bool
	if conn != nil {
		cfg.Connector, cfg.Server, cfg.Tally = n.cfg.Name, conn.server, conn.tally
		hasLease = conn.server.HasLease
	}
	if n.keys != nil {
		cfg.Certificate = func() *x509.Certificate { return n.keys.current.Load().Leaf }
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
func (m *monitor) mount(server *api.Server) {
	server.HandleAlways("/livez", http.HandlerFunc(m.health.Live))
	server.HandleAlways("/readyz", http.HandlerFunc(m.health.Readyz))
	server.HandleAlways("/metrics", fromThisMachine(m.metrics.Handler()))
}

// fromThisMachine refuses others: how many people are online, and what fails, is not for
// everybody who reaches the API.
func fromThisMachine(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Unmap().IsLoopback() {
			api.WriteProblem(w, api.Problem{Status: http.StatusForbidden, Detail: "metrics are for programs on the same machine"})
			return
		}
		h.ServeHTTP(w, r)
	})
}

// observe counts what the connector writes, and then tells its server.
func (c *xmppConnector) observe(before, after *session.Account, st *events.Stored) {
	c.tally.Observe(before, after, st)
	c.server.Observe(before, after, st)
}
