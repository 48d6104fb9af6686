package c2s_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// A socket is a client's WebSocket.
type socket struct {
	t     testing.TB
	ws    *websocket.Conn
	heard chan string // messages, masked, and at last how it was closed
	// closing: it is the client that closes it.
	closing atomic.Bool
	previd  atomic.Value // string; by which its session can be resumed
}

// openWeb makes a world whose first connector serves WebSocket at the URL that
// it returns.
func openWeb(t *testing.T, tune func(*c2s.Config)) (w *world, url string) {
	w = newWorld(t, 1, tune)
	t.Cleanup(w.close)
	w.users("alice", "bob")
	return w, w.nodes[0].serveWeb(false)
}

func (n *node) serveWeb(https bool) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		n.t.Fatal(err)
	}
	serve, scheme := n.server.ServeWebSocket, "ws://"
	if https {
		serve, scheme = n.server.ServeWebSocketTLS, "wss://"
	}
	n.rooms.Go(func() {
		if err := serve(n.ctx, l); err != nil {
			n.t.Error(err)
		}
	})
	return scheme + l.Addr().String() + stream.WebSocketPath
}

func openSocket(t testing.TB, url string) *socket {
	s, err := tryOpenSocket(t, url, &websocket.DialOptions{Subprotocols: []string{"xmpp"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tryOpenSocket(t testing.TB, url string, how *websocket.DialOptions) (*socket, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, url, how)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1)
	s := &socket{t: t, ws: ws, heard: make(chan string, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.read()
	}()
	t.Cleanup(func() {
		ws.CloseNow()
		<-done
	})
	return s, nil
}

// features are shown in other transcripts.
var features = regexp.MustCompile(`(<stream:features[^>]*>).*(</stream:features>)`)

// read is the socket's goroutine.
func (s *socket) read() {
	for {
		kind, b, err := s.ws.Read(context.Background())
		if err != nil && s.closing.Load() {
			return
		}
		if status := websocket.CloseStatus(err); status >= 0 {
			s.heard <- fmt.Sprintf("(closed %d)", status)
			return
		}
		if err != nil {
			s.heard <- "(closed)"
			return
		}
		if kind != websocket.MessageText {
			s.t.Errorf("a message that isn't text: %q", b)
		}
		if err := standsAlone(string(b)); err != nil {
			s.t.Errorf("%v: %s", err, b)
		}
		if id := enabledID.FindSubmatch(b); id != nil {
			s.previd.Store(string(id[1]))
		}
		s.heard <- features.ReplaceAllString(masked(string(b)), "$1{features}$2")
	}
}

// hear returns the next message or the end, "" if there is none for so long.
func (s *socket) hear(wait time.Duration) string {
	select {
	case m := <-s.heard:
		return m
	case <-time.After(wait):
		return ""
	}
}

// say sends a message, or does what (binary) and (close) stand for.
func (s *socket) say(text string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	kind := websocket.MessageText
	rest, binary := strings.CutPrefix(text, "(binary) ")
	if unquoted, err := strconv.Unquote(rest); err == nil {
		rest = unquoted
	}
	switch {
	case text == "(close)":
		s.closing.Store(true)
		if err := s.ws.Close(websocket.StatusNormalClosure, ""); err != nil {
			s.t.Error(err)
		}
		s.heard <- "(closed 1000)"
		return
	case binary:
		kind = websocket.MessageBinary
	}
	if err := s.ws.Write(ctx, kind, []byte(rest)); err != nil {
		s.t.Error(err)
	}
}

// standsAlone checks that a message is one element whose names all have a
// namespace (RFC 7395, 3.3.3).
func standsAlone(message string) error {
	if !strings.HasPrefix(message, "<") {
		return errors.New("the message does not begin with <")
	}
	d, depth, roots := xml.NewDecoder(strings.NewReader(message)), 0, 0
	for {
		t, err := d.Token()
		if err == io.EOF && roots == 1 {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			if !strings.ContainsAny(t.Name.Space, ":") {
				return fmt.Errorf("the element %s has no namespace", t.Name.Local)
			}
		case xml.EndElement:
			depth--
		}
	}
}

const framedOpen = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='" + domain + "' version='1.0'/>"

// login goes up to the bound resource.
func (s *socket) login(user, resource string) {
	s.t.Helper()
	s.authenticate(user)
	s.say("<iq xmlns='" + nsClient + "' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" + resource + "</resource></bind></iq>")
	s.mustHear("<iq")
}

// authenticate goes up to the features that offer binding.
func (s *socket) authenticate(user string) {
	s.t.Helper()
	s.say(framedOpen)
	s.mustHear("<open", "<stream:features")
	s.say(plain(user, password))
	s.mustHear("<success")
	s.say(framedOpen)
	s.mustHear("<open", "<stream:features")
}

// mustHear expects messages by how they begin.
func (s *socket) mustHear(beginnings ...string) {
	s.t.Helper()
	for _, want := range beginnings {
		if got := s.hear(patience); !strings.HasPrefix(got, want) {
			s.t.Fatalf("heard %q, want %s", got, want)
		}
	}
}

// The transcripts in testdata/websocket are byte for byte what is sent, over a
// WebSocket on loopback. Their lines are
//
//	connect a1                    a client connects
//	login a1 alice phone          and goes up to the bound resource
//	a1> <message .../>            it says this ("..." is Go syntax), or (binary) TEXT
//	a1> (close)                   or it closes the WebSocket
//	b1< <message .../>            and this is what b1 hears next, or (closed STATUS)
func TestWebSocketTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/websocket/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			followOverWebSocket(t, file)
		})
	}
}

func followOverWebSocket(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w, url := openWeb(t, nil)
	w.watch("bob", "alice")
	clients := map[string]*socket{}
	var out []string
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		name, rest, direction := cut(line)
		if direction == '<' && *update {
			continue
		}
		words := strings.Fields(line)
		switch {
		case direction == '>':
			clients[name].say(rest)
		case direction == '<':
			if got := clients[name].hear(patience); got != rest {
				t.Fatalf("%s:%d: %s heard\n\t%s\nand should have heard\n\t%s", file, i+1, name, got, rest)
			}
		case len(words) > 1 && words[0] == "connect":
			clients[words[1]] = openSocket(t, url)
		case len(words) > 3 && words[0] == "login":
			clients[words[1]] = openSocket(t, url)
			clients[words[1]].login(words[2], words[3])
		}
		out = append(out, line)
		if *update && direction == '>' {
			out = append(out, overhear(clients)...)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(out, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// overhear is for writing transcripts: what the clients hear until it is quiet.
func overhear(clients map[string]*socket) (lines []string) {
	const quiet = 300 * time.Millisecond
	for _, name := range slices.Sorted(maps.Keys(clients)) {
		for m := clients[name].hear(quiet); m != ""; m = clients[name].hear(quiet) {
			lines = append(lines, name+"< "+m)
			if strings.HasPrefix(m, "(closed") {
				delete(clients, name)
				break
			}
		}
	}
	return lines
}
