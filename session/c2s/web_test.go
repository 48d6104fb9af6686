package c2s_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

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

func TestWebSocketClientsOfThisMachineLogInWithoutTLS(t *testing.T) {
	t.Parallel()
	_, url := openWeb(t, certificate()(true)) // plaintext is not allowed
	openSocket(t, url).login("alice", "web")
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
