package stream_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// The ways to a TLS handshake, up to where it begins.
var handshakes = []struct {
	name  string
	serve func(*stream.Server, context.Context, net.Listener) error
	begin func(t *testing.T, conn net.Conn)
}{
	{"direct TLS", (*stream.Server).ServeTLS, func(*testing.T, net.Conn) {}},
	{"WebSocket", (*stream.Server).ServeWebSocketTLS, func(*testing.T, net.Conn) {}},
	{"STARTTLS", (*stream.Server).Serve, func(t *testing.T, conn net.Conn) {
		c := &overTCP{conn, bufio.NewReaderSize(conn, 1)}
		for _, turn := range []struct{ say, hear string }{
			{header, "<stream:features xmlns:stream='" + stanza.NSStream + "'/>"},
			{"<starttls xmlns='" + stanza.NSTLS + "'/>", "<proceed xmlns='" + stanza.NSTLS + "'/>"},
		} {
			if err := c.say(turn.say); err != nil {
				t.Fatal(err)
			}
			if _, err := c.hear(turn.hear); err != nil {
				t.Fatal(err)
			}
		}
	}},
}

// beginTLS goes up to the handshake in one of these ways.
func (w *world) beginTLS(t *testing.T, way int) net.Conn {
	h, p := handshakes[way], newPipes()
	w.serve(h.serve, p)
	conn, _ := p.dial(nil)
	h.begin(t, conn)
	return conn
}

// Some clients show the certificate to their user in the middle of the handshake,
// and wait until it is read.
func TestAHandshakeMayTakeAsLongAsItTakesToReadACertificate(t *testing.T) {
	for way, h := range handshakes {
		t.Run(h.name, func(t *testing.T) {
			alone(t, withTLS, func(t *testing.T, w *world) {
				conn := tls.Client(w.beginTLS(t, way), &tls.Config{
					InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, // in which the server waits for the client's last word
					VerifyPeerCertificate: func([][]byte, [][]*x509.Certificate) error {
						<-time.After(170 * time.Second)
						return nil
					},
				})
				defer conn.Close()
				if err := conn.Handshake(); err != nil {
					t.Fatal(err)
				}
				if h.name == "WebSocket" {
					upgrade(t, conn)
					return
				}
				c := &overTCP{conn, bufio.NewReader(conn)}
				c.say(header + "<login/>")
				if _, err := c.hear("<login/>"); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// upgrade makes an HTTP connection a WebSocket.
func upgrade(t *testing.T, conn net.Conn) {
	t.Helper()
	io.WriteString(conn, "GET "+stream.WebSocketPath+" HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n")
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("answered by %v, %v", answer, err)
	}
}

// A handshake that is left half open ends with the time for a login, whatever
// part of it the peer keeps to itself.
func TestAHandshakeThatIsNotCompletedEnds(t *testing.T) {
	for way, h := range handshakes {
		t.Run(h.name, func(t *testing.T) {
			alone(t, withTLS, func(t *testing.T, w *world) {
				silent, half := w.beginTLS(t, way), w.beginTLS(t, way)
				half.Write([]byte{22, 3, 1, 0x20, 0, 1}) // a hello of 8 KB, of which nothing follows
				endless := w.beginTLS(t, way)
				endless.Write([]byte{22, 3, 1, 0x40, 0, 1, 0, 0xff, 0xf0}) // one that does not end
				if _, err := endless.Write(make([]byte, 32<<10)); err == nil {
					t.Error("a hello of 32 KB was read")
				}
				<-time.After(59 * time.Second)
				if n := w.server.Connections(); n != 2 {
					t.Errorf("%d connections after 59 s, want 2", n)
				}
				<-time.After(2 * time.Second)
				for name, c := range map[string]net.Conn{"a silent one": silent, "a half one": half} {
					if _, err := c.Write([]byte{0}); err == nil {
						t.Errorf("%s is still open", name)
					}
				}
				synctest.Wait()
				if n := w.server.Connections(); n != 0 {
					t.Errorf("%d connections after the time for a login", n)
				}
			})
		})
	}
}

// Nor may a user read for ever.
func TestAHandshakeWhoseCertificateIsReadForTooLongEnds(t *testing.T) {
	for way, h := range handshakes {
		t.Run(h.name, func(t *testing.T) {
			alone(t, withTLS, func(t *testing.T, w *world) {
				begin := time.Now()
				tls.Client(w.beginTLS(t, way), &tls.Config{
					InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12,
					VerifyPeerCertificate: func([][]byte, [][]*x509.Certificate) error {
						<-time.After(time.Hour)
						return nil
					},
				}).Handshake()
				list := w.events()
				last, _ := list[len(list)-1].(events.Disconnected)
				if last.Reason != events.ReasonTimeout {
					t.Errorf("recorded %+v", list)
				}
				if d := time.Since(begin); d < time.Hour {
					t.Errorf("the client gave up after %v", d)
				}
			})
		})
	}
}

// RFC 6066, 3 is not every client's; the stream's header says which domain it means.
func TestAClientThatNamesADomainInItsStreamAloneIsShownThatOfTheDomain(t *testing.T) {
	for way, h := range handshakes {
		t.Run(h.name, func(t *testing.T) {
			asked := ""
			tune := func(c *stream.Config) {
				withTLS(c)
				c.TLS.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
					asked = hello.ServerName
					return &c.TLS.Certificates[0], nil
				}
			}
			alone(t, tune, func(t *testing.T, w *world) {
				if err := tls.Client(w.beginTLS(t, way), trusting()).Handshake(); err != nil {
					t.Fatal(err)
				}
				want := ""
				if h.name == "STARTTLS" {
					want = domain
				}
				if asked != want {
					t.Errorf("the certificate of %q is asked for, want %q", asked, want)
				}
			})
		})
	}
}

// The operator is told of it, for the peer can't be.
func TestAHandshakeThatFailsIsRecordedWithItsCause(t *testing.T) {
	for name, tt := range map[string]struct {
		fail func(net.Conn)
		want events.Disconnected
	}{
		"nothing is sent": {func(net.Conn) { <-time.After(time.Minute) },
			events.Disconnected{Reason: events.ReasonTimeout, Text: "TLS handshake: not completed in time"}},
		"the certificate is refused": {func(c net.Conn) { tls.Client(c, &tls.Config{ServerName: domain}).Handshake() },
			events.Disconnected{Reason: events.ReasonError, Text: "TLS handshake: remote error: tls: bad certificate"}},
		"no TLS is spoken": {func(c net.Conn) { io.WriteString(c, header) },
			events.Disconnected{Reason: events.ReasonError, Text: "TLS handshake: tls: first record does not look like a TLS handshake"}},
		"the peer goes": {func(c net.Conn) { c.Close() },
			events.Disconnected{Reason: events.ReasonConnectionLost, Text: "TLS handshake: the connection was lost"}},
	} {
		t.Run(name, func(t *testing.T) {
			for way, h := range handshakes {
				t.Run(h.name, func(t *testing.T) {
					alone(t, withTLS, func(t *testing.T, w *world) {
						conn := w.beginTLS(t, way)
						tt.fail(conn)
						go io.Copy(io.Discard, conn)
						synctest.Wait()
						list := w.events()
						got, _ := list[len(list)-1].(events.Disconnected)
						if got.Address == "" || got.Reason != tt.want.Reason || got.Text != tt.want.Text {
							t.Errorf("recorded %+v, want %+v", list, tt.want)
						}
					})
				})
			}
		})
	}
}

// deaf sends what it has to say, and reads nothing.
type deaf struct{ net.Conn }

func (deaf) Read([]byte) (int, error) { return 0, io.EOF }

func TestHandshakesThatAreLeftHalfOpenHoldUpNoOther(t *testing.T) {
	alone(t, withTLS, func(t *testing.T, w *world) {
		direct, web := newPipes(), newPipes()
		w.serve((*stream.Server).ServeTLS, direct)
		w.serve((*stream.Server).ServeWebSocketTLS, web)
		for range 50 {
			for _, l := range []*pipes{direct, web} {
				half, _ := l.dial(nil)
				tls.Client(deaf{half}, trusting()).Handshake() // a hello, and no more
			}
		}
		synctest.Wait()
		begin := time.Now()
		for _, l := range []*pipes{direct, web} {
			conn, _ := l.dial(nil)
			if err := tls.Client(conn, trusting()).Handshake(); err != nil {
				t.Error(err)
			}
		}
		if d := time.Since(begin); d > 0 {
			t.Errorf("two handshakes took %v", d)
		}
	})
}
