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
