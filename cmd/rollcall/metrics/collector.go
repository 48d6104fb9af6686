package metrics

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-xmpp/rollcall/events/measure"
)

// A collector reads what is counted elsewhere whenever it is asked.
type collector struct {
	cfg Config
	now func() time.Time
}

// A scrape is one reading.
type scrape struct {
	*collector
	ch chan<- prometheus.Metric
	at time.Time
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	s := scrape{c, ch, c.now()}
	s.table()
	s.projection()
	s.log()
	s.streams()
	s.nats()
	s.leases()
	if c.cfg.Server != nil {
		s.clients()
	}
	if c.cfg.Tally != nil {
		s.events()
	}
	if c.cfg.Certificates != nil {
		for domain, cert := range c.cfg.Certificates {
			s.gauge(certificateEnd, seconds(cert.NotAfter), domain)
		}
	}
}

func (s *scrape) gauge(d *prometheus.Desc, v float64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (s *scrape) counter(d *prometheus.Desc, v uint64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
}

func (s *scrape) histogram(d *prometheus.Desc, r measure.Reading, labels ...string) {
	s.ch <- prometheus.MustNewConstHistogram(d, r.Count, r.Sum, r.Buckets, labels...)
}

// seconds is a time as Prometheus has it. The zero time is not known.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return math.NaN()
	}
	return float64(t.UnixNano()) / 1e9
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
