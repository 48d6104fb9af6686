package metrics

import (
	"crypto/x509"
	"errors"
	"iter"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/tally"
)

// Config is what there is to show of a process. Bus, Table, Probe and Health are
// required.
type Config struct {
	Bus    *bus.Bus
	Table  *projector.Table
	Probe  *Probe
	Health *Health
	// Connector is the name of the process's connector, with its Server and its Tally;
	// "" and nil in one that has none.
	Connector string
	Server    *c2s.Server
	Tally     *tally.Tally
	// Publisher publishes the log; nil in a process that does not.
	Publisher Reader
	// Certificates are those that clients of each domain are shown; nil: there are none.
	Certificates iter.Seq2[string, *x509.Certificate]
	Version      string
}

// Metrics shows what a process counts. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	http     *httpMetrics
}

// New returns the metrics of a process. The error says what the configuration lacks.
func New(cfg Config) (*Metrics, error) {
	if cfg.Bus == nil || cfg.Table == nil || cfg.Probe == nil || cfg.Health == nil {
		return nil, errors.New("metrics: Bus, Table, Probe and Health are required")
	}
	m := &Metrics{registry: prometheus.NewRegistry(), http: newHTTPMetrics()}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rollcall_build_info", Help: "1, with the version of the program and of Go.",
		ConstLabels: prometheus.Labels{"version": cfg.Version, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		build, m.http.requests, m.http.seconds, &collector{cfg: cfg, now: time.Now},
	} {
		if err := m.registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Handler answers with all metrics, in the text format of Prometheus or in
// OpenMetrics, as is asked for. One that can't be told is left out and the others are told.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, EnableOpenMetrics: true})
}
