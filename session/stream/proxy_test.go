package stream_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

func behind(networks ...string) func(*stream.Config) {
	return func(c *stream.Config) {
		c.MaxPerAddress = 1
		for _, n := range networks {
			c.TrustedProxies = append(c.TrustedProxies, netip.MustParsePrefix(n))
		}
	}
}

// by connects by a proxy that says whom it is for.
func (w *world) by(proxy, header string) *peer {
	c := w.connectFrom(at(proxy))
	c.send(header)
	return c
}

func TestClientsOfATrustedProxyCountAtTheAddressesThatItNames(t *testing.T) {
	for _, proxy := range []string{"10.1.2.3", "127.0.0.1"} {
		t.Run(proxy, func(t *testing.T) {
			alone(t, behind("10.0.0.0/8", "127.0.0.0/8"), func(t *testing.T, w *world) {
				for _, tt := range []struct {
					header string
					in     bool
				}{
					{"PROXY TCP4 192.0.2.1 198.51.100.1 50000 5222\r\n", true},
					{"PROXY TCP4 192.0.2.1 198.51.100.1 50001 5222\r\n", false},
					{"PROXY TCP4 192.0.2.2 198.51.100.1 50000 5222\r\n", true},
					{"PROXY UNKNOWN\r\n", true},
					{"PROXY UNKNOWN\r\n", true}, // the proxy has no limit
				} {
					if c := w.by(proxy, tt.header); c.isClosed() == tt.in {
						t.Errorf("%q: closed %v", tt.header, tt.in)
					}
				}
				c := w.by(proxy, "PROXY TCP4 192.0.2.9 198.51.100.1 50000 5222\r\n")
				c.open()
				c.send("<login/>")
				c.mustLive(t)
				if e := (events.Connected{Address: "192.0.2.9:50000"}); !slices.Contains(w.events(), events.Event(e)) {
					t.Errorf("recorded %v, want %v", w.events(), e)
				}
			})
		})
	}
}

func TestAProxyThatDoesNotSayWhomItIsForIsRefused(t *testing.T) {
	alone(t, behind("10.0.0.0/8"), func(t *testing.T, w *world) {
		c := w.connectFrom(at("10.1.2.3"))
		c.open()
		if !c.isClosed() {
			t.Error("a trusted proxy's connection was served without a header")
		}
		silent := w.connectFrom(at("10.1.2.3"))
		<-time.After(10 * time.Second)
		if !silent.isClosed() {
			t.Error("a connection without a header is still open after 10 s")
		}
	})
}

func TestAnybodyElseMayNotSayWhoItIs(t *testing.T) {
	alone(t, behind("10.0.0.0/8"), func(t *testing.T, w *world) {
		c := w.by("192.0.2.1", "PROXY TCP4 192.0.2.9 198.51.100.1 50000 5222\r\n")
		if got := c.answers(); !strings.Contains(got, "<stream:error ") {
			t.Errorf("a header of anybody's was answered by %s", got)
		}
	})
}

func TestATrustedProxySpeaksForItsClientsOverTLS(t *testing.T) {
	alone(t, func(c *stream.Config) {
		withTLS(c)
		behind("10.0.0.0/8")(c)
	}, func(t *testing.T, w *world) {
		p := newPipes()
		w.serve((*stream.Server).ServeTLS, p)
		conn, _ := p.dial(at("10.1.2.3").address)
		conn.Write([]byte("PROXY TCP4 192.0.2.9 198.51.100.1 50000 5223\r\n"))
		if err := tls.Client(conn, trusting()).Handshake(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if e := w.connected(); e.Address != "192.0.2.9:50000" {
			t.Errorf("recorded %+v", e)
		}
	})
}

func TestTheLastAddressThatIsNoTrustedProxyIsTheClients(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		"192.0.2.1, 10.1.2.3":         "192.0.2.1",
		"192.0.2.1, 10.1.2.3, 10.1.1": "127.0.0.1:", // an entry that is no address says nothing
		"192.0.2.1, 192.0.2.2":        "192.0.2.2",
		"10.1.2.3":                    "10.1.2.3",
	} {
		w, url := openWeb(t, behind("10.0.0.0/8"))
		openSocket(t, url, list)
		if e := w.connected(); !strings.HasPrefix(e.Address, want) {
			t.Errorf("X-Forwarded-For %s: recorded %+v, want %s", list, e, want)
		}
	}
}

// exposed is a listener that other machines reach.
type exposed struct{ *pipes }

func (exposed) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 80), Port: 5280} }

// strictly tunes a server, and allows nothing without TLS.
func strictly(tune func(*stream.Config)) func(*stream.Config) {
	return func(c *stream.Config) {
		withTLS(c)
		c.AllowPlaintext = false
		tune(c)
	}
}

func TestOnlyProxiesReachWebSocketWithoutTLSFromOtherMachines(t *testing.T) {
	alone(t, strictly(behind("10.1.0.0/16")), func(t *testing.T, w *world) {
		web := exposed{newPipes()}
		w.serve((*stream.Server).ServeWebSocket, web)
		began := time.Now()
		for _, other := range []net.IP{net.IPv4(10, 2, 0, 1), net.IPv4(192, 0, 2, 80), net.ParseIP("2001:db8::1")} {
			c, _ := web.dial(&net.TCPAddr{IP: other, Port: 50_000})
			if n, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("%s: read %d bytes, %v, want the end", other, n, err)
			}
		}
		if waited := time.Since(began); waited > 0 {
			t.Errorf("they were closed after %s, want at once", waited)
		}
		for proxy, client := range map[string]string{"10.1.0.1": "198.51.100.7", "127.0.0.1": "198.51.100.8"} {
			openSocket(t, "ws://"+domain+stream.WebSocketPath, client, func() net.Conn {
				c, _ := web.dial(&net.TCPAddr{IP: net.ParseIP(proxy), Port: 50_000})
				return c
			})
			if e := (events.Connected{Address: client}); !slices.Contains(w.events(), events.Event(e)) {
				t.Errorf("%s: recorded %v, want %v", proxy, w.events(), e)
			}
		}
	})
}

func TestWebSocketWithoutTLSIsNotServedToEverybody(t *testing.T) {
	alone(t, strictly(behind()), func(t *testing.T, w *world) {
		web := exposed{newPipes()}
		defer web.Close()
		if err := w.server.ServeWebSocket(t.Context(), web); err == nil {
			t.Error("it was served without TLS, and without proxies")
		}
	})
}
