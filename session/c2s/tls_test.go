package c2s_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/xdg-go/scram"

	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// patience bounds a test with real connections; it is met only by failures.
const patience = 20 * time.Second

// A line is a client that waits for each answer, on a real connection.
type line struct {
	t    *testing.T
	conn net.Conn
	in   *items
}

// listen makes the world's connector reachable over TCP.
func (w *world) listen(serve func(*c2s.Server, context.Context, net.Listener) error) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	n := w.nodes[0]
	w.rooms.Go(func() { serve(n.server, n.ctx, l) })
	return l.Addr().String()
}

func dial(t *testing.T, address string) *line {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { conn.Close() })
	return &line{t, conn, newItems(conn)}
}

func (l *line) say(text string) {
	l.t.Helper()
	if _, err := io.WriteString(l.conn, text); err != nil {
		l.t.Fatal(err)
	}
}

// hear returns the next item, which must contain what is wanted.
func (l *line) hear(want string) string {
	l.t.Helper()
	item, err := l.in.next()
	if err != nil {
		l.t.Fatalf("%v, want %s", err, want)
	}
	if !strings.Contains(item, want) {
		l.t.Fatalf("got %s, want %s", item, want)
	}
	return item
}

// secure begins TLS, trusting the test's certificate only.
func (l *line) secure() tls.ConnectionState {
	l.t.Helper()
	return l.secureBy(trusting(l.t))
}

func trusting(t *testing.T) *tls.Config {
	t.Helper()
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(selfSigned().Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(leaf)
	return &tls.Config{RootCAs: roots, ServerName: domain, NextProtos: []string{"xmpp-client"}}
}

func (l *line) secureBy(cfg *tls.Config) tls.ConnectionState {
	l.t.Helper()
	t := tls.Client(l.conn, cfg)
	if err := t.Handshake(); err != nil {
		l.t.Fatal(err)
	}
	l.conn, l.in = t, newItems(t)
	return t.ConnectionState()
}

const header = "<stream:stream to='" + domain + "' version='1.0' xmlns='" + nsClient + "' xmlns:stream='" + nsStreams + "'>"

func (l *line) open() string {
	l.t.Helper()
	l.say(header)
	l.hear("<stream:stream")
	return l.hear("<stream:features")
}

// authenticate proves the password by a SCRAM mechanism, and has the server
// prove that it knows it, too.
func (l *line) authenticate(mechanism, user, password string, binding []byte) {
	l.t.Helper()
	hash := scram.SHA256
	if strings.Contains(mechanism, "SHA-1") {
		hash = scram.SHA1
	}
	c, err := hash.NewClient(user, password, "")
	if err != nil {
		l.t.Fatal(err)
	}
	conv := c.NewConversation()
	if binding != nil {
		conv = c.NewConversationWithChannelBinding(scram.ChannelBinding{Type: scram.ChannelBindingTLSExporter, Data: binding})
	}
	message, err := conv.Step("")
	if err != nil {
		l.t.Fatal(err)
	}
	l.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='" + mechanism + "'>" + encode(message) + "</auth>")
	for want := range []string{"<challenge", "<success"} {
		message, err = conv.Step(decode(l.t, l.hear([]string{"<challenge", "<success"}[want])))
		if err != nil {
			l.t.Fatal(err)
		}
		if want == 0 {
			l.say("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + encode(message) + "</response>")
		}
	}
	if !conv.Valid() {
		l.t.Error("the server has not proved that it knows the password")
	}
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

var content = regexp.MustCompile(`>([^<]*)<`)

func decode(t *testing.T, item string) string {
	t.Helper()
	m := content.FindStringSubmatch(item)
	if m == nil {
		t.Fatalf("%s is empty", item)
	}
	b, err := base64.StdEncoding.DecodeString(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func (l *line) bind() {
	l.t.Helper()
	l.say("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>")
	l.hear("<jid>alice@localhost/r</jid>")
}

// end closes the stream properly, whichever side began.
func (l *line) end() {
	l.t.Helper()
	l.say("</stream:stream>")
	l.hear("</stream:stream>")
	if item, err := l.in.next(); err == nil {
		l.t.Errorf("%s came after the end", item)
	}
}

func secureWorld(t *testing.T, tune func(*c2s.Config)) *world {
	t.Parallel()
	w := newWorld(t, 1, func(c *c2s.Config) {
		withTLS(selfSigned(), true)(c)
		if tune != nil {
			tune(c)
		}
	})
	t.Cleanup(w.close)
	w.users("alice")
	return w
}

func TestClientsLogInWithSTARTTLSAndSCRAM(t *testing.T) {
	w := secureWorld(t, nil)
	address := w.listen((*c2s.Server).Serve)
	for _, mechanism := range []string{"SCRAM-SHA-1", "SCRAM-SHA-256"} {
		l := dial(t, address)
		if features := l.open(); strings.Contains(features, "mechanism") || !strings.Contains(features, "<required/>") {
			t.Errorf("features before TLS: %s", features)
		}
		l.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
		l.hear("<proceed")
		l.secure()
		if features := l.open(); strings.Contains(features, "starttls") || !strings.Contains(features, ">"+mechanism+"<") {
			t.Errorf("features after TLS: %s", features)
		}
		l.authenticate(mechanism, "alice", password, nil)
		l.open()
		l.bind()
		l.end()
	}
}

func TestClientsLogInWithDirectTLSAndChannelBinding(t *testing.T) {
	w := secureWorld(t, func(c *c2s.Config) { c.ChannelBinding = true })
	l := dial(t, w.listen((*c2s.Server).ServeTLS))
	state := l.secure()
	if state.NegotiatedProtocol != "xmpp-client" {
		t.Errorf("the protocol is %q, want xmpp-client (XEP-0368)", state.NegotiatedProtocol)
	}
	if features := l.open(); strings.Contains(features, "starttls") || !strings.Contains(features, "SCRAM-SHA-256-PLUS") {
		t.Errorf("features: %s", features)
	}
	binding, err := scram.NewTLSExporterBinding(&state)
	if err != nil {
		t.Fatal(err)
	}
	l.authenticate("SCRAM-SHA-256-PLUS", "alice", password, binding.Data)
	l.open()
	l.bind()
	l.end()
}

// A stanza that was sent ahead in the clear is not run under TLS (RFC 6120,
// 5.4.3.3).
func TestNothingThatWasSentInTheClearIsRunUnderTLS(t *testing.T) {
	w := secureWorld(t, nil)
	l := dial(t, w.listen((*c2s.Server).Serve))
	l.open()
	l.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + header + plain("alice", password))
	l.hear("<proceed")
	l.secure()
	l.open()
	l.authenticate("SCRAM-SHA-256", "alice", password, nil)
	l.open()
	l.bind()
	l.end()
}

// The error must not be lost with the data that the client still sends: closing
// a socket with unread input resets the connection.
func TestAnErrorReachesAClientThatGoesOnSending(t *testing.T) {
	w := secureWorld(t, func(c *c2s.Config) { c.AllowPlaintext = true })
	l := dial(t, w.listen((*c2s.Server).Serve))
	l.open()
	l.say("<!-- -->" + strings.Repeat("<message><body>more</body></message>", 10_000))
	l.hear("<restricted-xml")
	l.hear("</stream:stream>")
}
