package c2s_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"rollcall/events"
	"rollcall/session/c2s"
	"rollcall/session/stream"
)

func TestOnlyXMPPClientsOfKnownPagesGetAWebSocket(t *testing.T) {
	t.Parallel()
	_, url := openWeb(t, func(c *c2s.Config) { c.WebOrigins = []string{"chat.example.org", "https://*.example.net"} })
	for _, tt := range []struct {
		name      string
		protocols []string
		origin    string // "" is no browser
		status    int
	}{
		{"no subprotocol", nil, "", http.StatusBadRequest},
		{"another subprotocol", []string{"mqtt"}, "", http.StatusBadRequest},
		{"xmpp among others", []string{"xmpp-framing", "XMPP"}, "", http.StatusSwitchingProtocols},
		{"a page of this host", []string{"xmpp"}, "http://" + hostOf(url), http.StatusSwitchingProtocols},
		{"a page of this machine", []string{"xmpp"}, "http://localhost:8000", http.StatusSwitchingProtocols},
		{"a page of this machine by its IPv6 address", []string{"xmpp"}, "http://[::1]:8000", http.StatusSwitchingProtocols},
		{"a page that was allowed", []string{"xmpp"}, "https://chat.example.org", http.StatusSwitchingProtocols},
		{"a page of an allowed pattern", []string{"xmpp"}, "https://a.example.net", http.StatusSwitchingProtocols},
		{"an allowed host by another scheme", []string{"xmpp"}, "http://a.example.net", http.StatusForbidden},
		{"an allowed host at another port", []string{"xmpp"}, "https://chat.example.org:8443", http.StatusForbidden},
		{"a page of anybody", []string{"xmpp"}, "https://example.com", http.StatusForbidden},
		{"a name that begins like this machine's", []string{"xmpp"}, "https://localhost.example.com", http.StatusForbidden},
		{"a file", []string{"xmpp"}, "null", http.StatusForbidden},
	} {
		header := http.Header{}
		if tt.origin != "" {
			header.Set("Origin", tt.origin)
		}
		ws, resp, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{
			Subprotocols: tt.protocols, HTTPHeader: header, CompressionMode: websocket.CompressionContextTakeover,
		})
		if resp == nil || resp.StatusCode != tt.status {
			t.Errorf("%s: %v, %v, want %d", tt.name, resp, err, tt.status)
			continue
		}
		if ws != nil {
			if !strings.EqualFold(ws.Subprotocol(), "xmpp") || resp.Header.Get("Sec-WebSocket-Extensions") != "" {
				t.Errorf("%s: answered by %v", tt.name, resp.Header)
			}
			ws.CloseNow()
		}
	}
}

func hostOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

func TestAPatternOfOriginsThatIsNoneIsRefused(t *testing.T) {
	alone(t, func(c *c2s.Config) {
		with := *c
		with.WebOrigins = []string{"[a"}
		if _, err := c2s.New(with); !errors.Is(err, path.ErrBadPattern) {
			t.Errorf("error %v", err)
		}
	}, func(*testing.T, *world) {})
}

func TestHostMetaNamesTheAddressThatWasAsked(t *testing.T) {
	t.Parallel()
	_, url := openWeb(t, nil)
	at := "http://" + hostOf(url) + "/.well-known/"
	const rel = "urn:xmpp:alt-connections:websocket"
	for _, tt := range []struct{ path, proto, kind, body string }{
		{"host-meta", "", "application/xrd+xml", "<Link rel='" + rel + "' href='ws://chat.example.org/xmpp-websocket'/>"},
		{"host-meta", "https", "application/xrd+xml", "<Link rel='" + rel + "' href='wss://chat.example.org/xmpp-websocket'/>"},
		{"host-meta.json", "https", "application/json", `{"links":[{"rel":"` + rel + `","href":"wss://chat.example.org/xmpp-websocket"}]}`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", at+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "chat.example.org"
		req.Header.Set("X-Forwarded-Proto", tt.proto)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(body), tt.body) {
			t.Errorf("%s: %s, %v, want %s", tt.path, body, err, tt.body)
		}
		if resp.Header.Get("Content-Type") != tt.kind || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: header %v", tt.path, resp.Header)
		}
	}
}

func TestWebSocketOverTLSIsSecured(t *testing.T) {
	t.Parallel()
	w, _ := openWeb(t, certificate()(true))
	s, err := tryOpenSocket(t, w.nodes[0].serveWeb(true), &websocket.DialOptions{
		Subprotocols: []string{"xmpp"},
		HTTPClient: &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the certificate is made up
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.login("alice", "web")
	if e := find[events.Secured](w); e.Version != "TLS 1.3" {
		t.Errorf("recorded %+v", e)
	}
}

// find returns the first event of a type that was recorded.
func find[E events.Event](w *world) (e E) {
	w.pre.mu.Lock()
	defer w.pre.mu.Unlock()
	for _, x := range w.pre.list {
		if e, ok := x.(E); ok {
			return e
		}
	}
	return e
}

func TestWithoutTLSWebSocketIsForThisMachine(t *testing.T) {
	t.Parallel()
	w, url := openWeb(t, certificate()(true)) // plaintext is not allowed
	openSocket(t, url).login("alice", "web")
	if err := w.nodes[0].server.ServeWebSocket(t.Context(), anywhere{newPipes()}); err == nil {
		t.Error("served without TLS to anybody")
	}
}

// anywhere is a listener of all addresses.
type anywhere struct{ net.Listener }

func (anywhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: 5280} }

func TestAProxyOnThisMachineSaysWhoTheClientIs(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		"198.51.100.7, 203.0.113.9": "203.0.113.9", // the last one is the proxy's own word
		"2001:db8::1":               "2001:db8::1",
		"somebody":                  "127.0.0.1:",
	} {
		w, url := openWeb(t, nil)
		s, err := tryOpenSocket(t, url, &websocket.DialOptions{
			Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"X-Forwarded-For": {list}},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.login("alice", "web")
		if e := find[events.Connected](w); !strings.HasPrefix(e.Address, want) {
			t.Errorf("X-Forwarded-For %s: recorded %+v, want %s", list, e, want)
		}
	}
}

func TestAMessageIsAsLargeAsAStanzaMayBe(t *testing.T) {
	t.Parallel()
	_, url := openWeb(t, func(c *c2s.Config) { c.Limits.Bytes = 5000 })
	s := openSocket(t, url)
	s.login("alice", "web")
	const message = "<message xmlns='jabber:client' to='alice@localhost/web'><body/></message>"
	full := strings.Replace(message, "<body/>", "<body>"+strings.Repeat("x", 5000-len(message)-len("</body>")+1)+"</body>", 1)
	s.say(full)
	if got := s.hear(patience); !strings.Contains(got, "xxx</body>") {
		t.Errorf("a message of %d bytes was answered by %s", len(full), got)
	}
	s.say(full + " ")
	if got := s.hear(patience); !strings.Contains(got, "<policy-violation") {
		t.Errorf("a larger message was answered by %s", got)
	}
}

func TestAConnectionCountsBeforeItIsAWebSocket(t *testing.T) {
	alone(t, func(c *c2s.Config) { c.MaxUnbound = 2 }, func(t *testing.T, w *world) {
		web := w.nodes[0].servePipes()
		first, _ := web.dial(nil)
		second, _ := web.dial(nil)
		third, _ := web.dial(nil)
		defer second.Close()
		defer third.Close()
		if n, err := first.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Errorf("read %d bytes, %v, want the oldest to make room", n, err)
		}
		openPipe(t, web).login("alice", "web")
		if n := w.nodes[0].server.Connections(); n != 2 {
			t.Errorf("%d connections", n)
		}
		<-time.After(time.Minute)
		if n := w.nodes[0].server.Connections(); n != 1 {
			t.Errorf("%d connections after a minute in which one of them asked for nothing", n)
		}
	})
}

// servePipes serves WebSocket in virtual time.
func (n *node) servePipes() *pipes {
	p := newPipes()
	n.rooms.Go(func() { n.server.ServeWebSocket(n.ctx, p) })
	return p
}

// openPipe opens a WebSocket in virtual time.
func openPipe(t *testing.T, p *pipes) *stalling {
	t.Helper()
	s := &stalling{}
	var err error
	s.socket, err = tryOpenSocket(t, "ws://"+domain+stream.WebSocketPath, &websocket.DialOptions{
		Subprotocols: []string{"xmpp"},
		HTTPClient: &http.Client{Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				s.Conn, _ = p.dial(nil)
				return s, nil
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A stalling socket stops reading at some time.
type stalling struct {
	*socket
	net.Conn
	stalled atomic.Bool
}

func (s *stalling) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	for s.stalled.Load() && err == nil {
		<-time.After(time.Hour)
	}
	return n, err
}

func TestASilentWebSocketIsPingedAndADeadOneClosed(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		w.watch("carol", "bob")
		web := w.nodes[0].servePipes()
		c := w.login("carol", "c", "<presence/>")
		a, b := openPipe(t, web), openPipe(t, web)
		a.login("alice", "a")
		b.login("bob", "b")
		b.say("<presence xmlns='" + nsClient + "'/>")
		c.answers()
		<-time.After(time.Hour)
		a.say("<iq xmlns='" + nsClient + "' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>")
		if got := a.hear(patience); !strings.Contains(got, "id='1' type='result'") {
			t.Errorf("after an hour of silence alice heard %s", got)
		}
		if got := c.answers(); got != "" {
			t.Errorf("after an hour of silence carol was sent %s", got)
		}
		b.stalled.Store(true) // as a peer behind a cable that was cut
		<-time.After(10 * time.Minute)
		if got := c.answers(); strings.Count(got, "type='unavailable'") != 1 {
			t.Errorf("carol was sent %s, want bob to go once", got)
		}
		b.stalled.Store(false)
	})
}

func TestASessionGoesFromWebSocketToTCPAndBack(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		web := w.nodes[0].servePipes()
		first := openPipe(t, web)
		first.login("alice", "web")
		first.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>")
		first.mustHear("<enabled")
		resume := fmt.Sprintf("<resume xmlns='urn:xmpp:sm:3' previd='%s' h='0'/>", first.previd.Load())
		first.Conn.Close()
		b := w.login("bob", "b")
		b.send("<message to='alice@localhost/web'><body>while nobody was there</body></message>")
		second := w.nodes[0].connect("alice")
		second.open()
		second.send(plain("alice", password))
		second.open()
		second.send(resume)
		if got := second.answers(); !strings.Contains(got, "<resumed") || !strings.Contains(got, "while nobody was there") {
			t.Errorf("over TCP alice was sent %s", got)
		}
		third := openPipe(t, web)
		third.authenticate("alice")
		third.say(resume)
		third.mustHear("<resumed", "<message xmlns='jabber:client'")
	})
}
