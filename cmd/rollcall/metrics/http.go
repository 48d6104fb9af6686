package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// httpMetrics are those of the HTTP side.
type httpMetrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newHTTPMetrics() *httpMetrics {
	return &httpMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rollcall_http_requests_total", Help: "Requests that this process has answered, by the route that they matched.",
		}, []string{"route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rollcall_http_request_seconds", Help: "How long their answers took, streams that are followed included.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2, 10, 60, 600},
		}, []string{"route"}),
	}
}

// Request counts a request that was answered. route is the pattern that it matched,
// never its path, which may name an account; "" is one that matched none.
func (m *Metrics) Request(route string, code int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.http.requests.WithLabelValues(route, strconv.Itoa(code)).Inc()
	m.http.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// An HTTP is what answers programs over HTTP. Its methods are called by any goroutine.
type HTTP interface {
	Following() int      // readers that follow events
	Unrecorded() uint64  // questions refused because they can't be put on record
	ScanLimited() uint64 // pages that ended because too much was looked at
	Panicked() uint64    // questions that ended in a panic
}

// Serve shows what answers programs over HTTP. It is for once.
func (m *Metrics) Serve(h HTTP) { m.registry.MustRegister(served(h)...) }

func served(h HTTP) []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "rollcall_sse_clients", Help: "Readers that follow events at this process.",
		}, func() float64 { return float64(h.Following()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "rollcall_audit_refused_total", Help: "Questions that were refused because they could not be put on record.",
		}, func() float64 { return float64(h.Unrecorded()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "rollcall_query_scan_limited_total", Help: "Pages that were not full because too many records were looked at for them.",
		}, func() float64 { return float64(h.ScanLimited()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "rollcall_http_panics_total", Help: "Questions that ended in a panic, a bug each, over HTTP and on NATS.",
		}, func() float64 { return float64(h.Panicked()) }),
	}
}
