package api

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// behindProxies answers requests as if each came from whom a proxy has sent it on for: the
// last address of X-Forwarded-For that is no proxy's own. This machine's proxies are believed,
// as those of Config.Proxy, but not that a request is from this machine: that
// would be more than what they were told.
func (s *Server) behindProxies(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if client := s.forwardedFor(r); client.IsValid() && !client.IsLoopback() {
			sent := *r
			sent.RemoteAddr = net.JoinHostPort(client.String(), "0")
			r = &sent
		}
		h.ServeHTTP(w, r)
	})
}

func (s *Server) forwardedFor(r *http.Request) (client netip.Addr) {
	if from := remote(r); !from.IsLoopback() && !s.isProxy(from) {
		return client
	}
	list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(list) - 1; i >= 0; i-- {
		ip, err := netip.ParseAddr(strings.TrimSpace(list[i]))
		if err != nil {
			break
		}
		if client = ip.Unmap().WithZone(""); !s.isProxy(client) {
			break
		}
	}
	return client
}

func (s *Server) isProxy(ip netip.Addr) bool {
	return s.cfg.Proxy != nil && ip.IsValid() && s.cfg.Proxy(ip)
}

// remote is the address that a request comes from; the zero one if it is not one of IP.
func remote(r *http.Request) (ip netip.Addr) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return ip
	}
	return ip.Unmap().WithZone("")
}

// from is the address of whoever asks, if that is known: that of a proxy is not.
func (q *question) from() []netip.Addr {
	if ip := remote(q.r); ip.IsValid() && !q.server.isProxy(ip) {
		return []netip.Addr{ip}
	}
	return nil
}
