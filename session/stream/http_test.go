package stream_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// openWeb makes a world that serves WebSocket at the URL that it returns.
func openWeb(t *testing.T, tune func(*stream.Config)) (w *world, url string) {
	w = newWorld(t, tune, echo)
	t.Cleanup(w.close)
	return w, "ws://" + w.listen((*stream.Server).ServeWebSocket) + stream.WebSocketPath
}

const framedOpen = "<open xmlns='" + stanza.NSFraming + "' to='" + domain + "' version='1.0'/>"

// openSocket opens a WebSocket and a stream on it, in the name of others if
// forwarded says whom it is for.
func openSocket(t *testing.T, url, forwarded string, dialers ...func() net.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	how := &websocket.DialOptions{Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{}}
	if forwarded != "" {
		how.HTTPHeader.Set("X-Forwarded-For", forwarded)
	}
	for _, dial := range dialers {
		how.HTTPClient = &http.Client{Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) { return dial(), nil },
		}}
	}
	ws, _, err := websocket.Dial(ctx, url, how)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	c := overWebSocket{ws}
	for _, turn := range []struct{ say, hear string }{
		{framedOpen, "<open "}, {"<login xmlns='jabber:client'/>", "<stream:features "},
	} {
		if err := c.say(turn.say); err != nil {
			t.Fatal(err)
		}
		if _, err := c.hear(turn.hear); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.hear("<login "); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyXMPPClientsOfKnownPagesGetAWebSocket(t *testing.T) {
	t.Parallel()
	_, url := openWeb(t, func(c *stream.Config) { c.WebOrigins = []string{"chat.example.org", "https://*.example.net"} })
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

func TestAProxyOnThisMachineSaysWhoTheClientIs(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		"198.51.100.7, 203.0.113.9": "203.0.113.9", // the last one is the proxy's own word
		"2001:db8::1":               "2001:db8::1",
		"somebody":                  "127.0.0.1:",
	} {
		w, url := openWeb(t, nil)
		openSocket(t, url, list)
		if e := w.connected(); !strings.HasPrefix(e.Address, want) {
			t.Errorf("X-Forwarded-For %s: recorded %+v, want %s", list, e, want)
		}
	}
}

func TestAConnectionCountsBeforeItIsAWebSocket(t *testing.T) {
	alone(t, func(c *stream.Config) { c.MaxUnbound = 2 }, func(t *testing.T, w *world) {
		web := newPipes()
		w.serve((*stream.Server).ServeWebSocket, web)
		first, _ := web.dial(nil)
		second, _ := web.dial(nil)
		third, _ := web.dial(nil)
		defer second.Close()
		defer third.Close()
		if n, err := first.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Errorf("read %d bytes, %v, want the oldest to make room", n, err)
		}
		openSocket(t, "ws://"+domain+stream.WebSocketPath, "", func() net.Conn {
			conn, _ := web.dial(nil)
			return conn
		})
		if n := w.server.Connections(); n != 2 {
			t.Errorf("%d connections", n)
		}
		<-time.After(time.Minute)
		if n := w.server.Connections(); n != 1 {
			t.Errorf("%d connections after a minute in which one of them asked for nothing", n)
		}
	})
}

func TestWithoutTLSWebSocketIsForThisMachine(t *testing.T) {
	alone(t, func(c *stream.Config) {
		withTLS(c)
		c.AllowPlaintext = false
	}, func(t *testing.T, w *world) {
		if err := w.server.ServeWebSocket(t.Context(), anywhere{newPipes()}); err == nil {
			t.Error("served without TLS to anybody")
		}
	})
}

// anywhere is a listener of all addresses.
type anywhere struct{ net.Listener }

func (anywhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: 5280} }
