package api_test

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// A listener to which all connections come from one address.
type seenFrom struct {
	net.Listener
	address string
}

func (f seenFrom) Accept() (net.Conn, error) {
	c, err := f.Listener.Accept()
	return seenConn{c, f.address}, err
}

type seenConn struct {
	net.Conn
	address string
}

func (f seenConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.address))
}

// A ban is checked against the address of whoever asks for it, and that is on record: behind
// a proxy it is not the proxy's.
func TestBehindAProxyTheClientsAddressCounts(t *testing.T) {
	t.Parallel()
	s := newServiceOf(t, func(ip netip.Addr) bool { return ip == netip.MustParseAddr("10.0.0.5") })
	token := s.add("house", "moderate")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 3)
	urls := map[string]string{}
	for _, peer := range []string{"10.0.0.5:1", "127.0.0.1:1", "198.51.100.9:1"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		urls[peer] = "http://" + l.Addr().String()
		go func() { ended <- s.server.Serve(ctx, seenFrom{l, peer}, nil) }()
	}
	t.Cleanup(func() {
		stop()
		for range urls {
			must(t, <-ended)
		}
	})
	for _, tt := range []struct {
		peer, forwarded, network string
		refused                  bool
		recorded                 string
	}{
		{"10.0.0.5:1", "203.0.113.7", "203.0.113.0/24", true, ""},
		{"10.0.0.5:1", "198.51.100.1, 203.0.113.7, 10.0.0.5", "203.0.113.7", true, ""},
		{"10.0.0.5:1", "203.0.113.7", "10.0.0.0/24", false, "203.0.113.7"},
		{"10.0.0.5:1", "", "10.0.1.0/16", false, "10.0.0.5"},
		{"10.0.0.5:1", "127.0.0.1", "10.0.2.0/16", false, "10.0.0.5"},
		{"127.0.0.1:1", "203.0.113.7", "203.0.113.0/25", true, ""},
		{"127.0.0.1:1", "203.0.113.8", "192.0.2.0/24", false, "203.0.113.8"},
		{"198.51.100.9:1", "203.0.113.7", "203.0.113.0/26", false, "198.51.100.9"},
		{"198.51.100.9:1", "203.0.113.7", "198.51.100.0/24", true, ""},
	} {
		q := url.Values{"network": {tt.network}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, urls[tt.peer]+"/v1/bans?"+q.Encode(), nil)
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		if tt.forwarded != "" {
			r.Header.Set("X-Forwarded-For", tt.forwarded)
		}
		answer, err := http.DefaultClient.Do(r)
		must(t, err)
		text := textOf(t, answer)
		if refused := strings.Contains(text, "an address of yours"); refused != tt.refused || !refused && answer.StatusCode != http.StatusOK {
			t.Errorf("%s for %q bans %s: %d %s", tt.peer, tt.forwarded, tt.network, answer.StatusCode, text)
		}
		if got := s.recordedFrom(q.Encode()); got != tt.recorded {
			t.Errorf("%s for %q is on record as %q, want %q", tt.peer, tt.forwarded, got, tt.recorded)
		}
	}
}

// recordedFrom is the address that a question is on record with.
func (s *service) recordedFrom(asked string) (address string) {
	s.t.Helper()
	for e, err := range s.bus.Audit().Read(s.t.Context(), time.Time{}, time.Time{}) {
		must(s.t, err)
		one, err := access.Open(e.Seq, e.At, e.Data)
		must(s.t, err)
		if one.Asked == asked {
			address = one.From
		}
	}
	return address
}
