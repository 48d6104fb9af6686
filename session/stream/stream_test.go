package stream_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// patience bounds a test with real connections; it is met only by failures.
const patience = 20 * time.Second

// A caller is a peer that takes turns with the server, over real connections.
type caller interface {
	say(xml string) error
	// hear returns what comes up to a text.
	hear(until string) (string, error)
	// end closes the connection when the stream has ended, if nothing else came.
	end() error
}

// overTCP is one of RFC 6120.
type overTCP struct {
	net.Conn
	in *bufio.Reader
}

func (c *overTCP) say(xml string) error {
	_, err := io.WriteString(c.Conn, xml)
	return err
}

func (c *overTCP) hear(until string) (string, error) {
	var heard strings.Builder
	for !strings.HasSuffix(heard.String(), until) {
		b, err := c.in.ReadByte()
		if err != nil {
			return heard.String(), err
		}
		heard.WriteByte(b)
	}
	return heard.String(), nil
}

func (c *overTCP) end() error {
	if b, err := c.in.ReadByte(); err == nil {
		return fmt.Errorf("%q came after the stream's end", b)
	}
	return c.Close()
}

// overWebSocket is one of RFC 7395.
type overWebSocket struct{ *websocket.Conn }

func (c overWebSocket) say(xml string) error {
	return c.Write(context.Background(), websocket.MessageText, []byte(xml))
}

func (c overWebSocket) hear(until string) (string, error) {
	_, b, err := c.Read(context.Background())
	if err == nil && !strings.Contains(string(b), until) {
		err = fmt.Errorf("%s was sent, want %s", b, until)
	}
	return string(b), err
}

func (c overWebSocket) end() error { return c.Close(websocket.StatusNormalClosure, "") }

// listen serves on a port of its own.
func (w *world) listen(how func(*stream.Server, context.Context, net.Listener) error) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.serve(how, l)
	return l.Addr().String()
}

func dial(t *testing.T, address string) *overTCP {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return &overTCP{conn, bufio.NewReader(conn)}
}

// trusting has no certificate of an authority to check.
func trusting() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }

// The listeners of a server, and the peers that come by them.
var listeners = []struct {
	name string
	open func(t *testing.T, w *world) caller
}{
	{"TCP", func(t *testing.T, w *world) caller { return dial(t, w.listen((*stream.Server).Serve)) }},
	{"STARTTLS", func(t *testing.T, w *world) caller {
		c := dial(t, w.listen((*stream.Server).Serve))
		c.say(header + "<starttls xmlns='" + stanza.NSTLS + "'/>")
		if _, err := c.hear("<proceed xmlns='" + stanza.NSTLS + "'/>"); err != nil {
			t.Fatal(err)
		}
		secured := tls.Client(c.Conn, trusting())
		return &overTCP{secured, bufio.NewReader(secured)}
	}},
	{"direct TLS", func(t *testing.T, w *world) caller {
		secured := tls.Client(dial(t, w.listen((*stream.Server).ServeTLS)).Conn, trusting())
		return &overTCP{secured, bufio.NewReader(secured)}
	}},
	{"WebSocket", func(t *testing.T, w *world) caller {
		ws, _, err := websocket.Dial(t.Context(), "ws://"+w.listen((*stream.Server).ServeWebSocket)+stream.WebSocketPath,
			&websocket.DialOptions{Subprotocols: []string{"xmpp"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ws.CloseNow() })
		return overWebSocket{ws}
	}},
}

func TestElementsComeAndGoByEveryListener(t *testing.T) {
	t.Parallel()
	for _, by := range listeners {
		t.Run(by.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withTLS, echo)
			defer w.close()
			c := by.open(t, w)
			head, answer, foot := header, "<stream:stream ", "</stream:stream>"
			if _, ok := c.(overWebSocket); ok {
				head, answer, foot = "<open xmlns='"+stanza.NSFraming+"' to='"+domain+"' version='1.0'/>", "<open ", "<close xmlns='"+stanza.NSFraming+"'/>"
			}
			for _, turn := range []struct{ say, hear string }{
				{head, answer},
				{"", "xmlns:stream='" + stanza.NSStream + "'/>"},
				{"<login xmlns='jabber:client'/>", "<login xmlns='jabber:client'/>"},
				{"<a xmlns='urn:x'><b>&amp;</b></a>", "<a xmlns='urn:x'><b>&amp;</b></a>"},
				{foot, foot},
			} {
				if turn.say != "" {
					if err := c.say(turn.say); err != nil {
						t.Fatal(err)
					}
				}
				if got, err := c.hear(turn.hear); err != nil {
					t.Fatalf("after %q: %q, %v", turn.say, got, err)
				}
			}
			if err := c.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The record of a connection is of the events before it was authenticated.
func TestAConnectionIsRecordedUntilItIsAuthenticated(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		c := w.connect()
		c.open()
		c.send("</stream:stream>")
		c.answers()
		want := []events.Event{
			events.Connected{Address: c.address.String()}, events.StreamOpened{Host: domain},
			events.Disconnected{Reason: events.ReasonClient, Address: c.address.String()},
		}
		if got := w.events(); !reflect.DeepEqual(got, want) {
			t.Errorf("recorded %#v, want %#v", got, want)
		}
		w.login().send("</stream:stream>")
		synctest.Wait()
		if got := w.events()[len(want):]; len(got) != 2 {
			t.Errorf("recorded of a peer that logged in: %#v", got)
		}
	})
}

// The sides take turns until the peer is bound; then what anybody sends goes out
// at once.
func TestWhatIsSentWaitsForTheHandlersTurnUntilThePeerIsBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		goOn, conns := make(chan struct{}), make(chan *stream.Conn, 1)
		w := newWorld(t, nil, func(c *stream.Conn) stream.Ending {
			conns <- c
			c.Open()
			c.Send([]byte("<a/>"))
			<-goOn
			return echo(c)
		})
		defer w.close()
		p := w.connect()
		p.open()
		if got := p.answers(); got != "" {
			t.Errorf("%s was sent before the handler's turn ended", got)
		}
		close(goOn)
		p.open()
		p.send("<login/>")
		if got := p.answers(); !strings.Contains(got, "><a/><") {
			t.Errorf("a peer was sent %s", got)
		}
		(<-conns).Send([]byte("<b/>"))
		if got := p.answers(); got != "<b/>" {
			t.Errorf("a bound peer was sent %q, want <b/>", got)
		}
	})
}

// The first end counts, and the handler hears of it by Next.
func TestWhoeverHasTheConnMayEndIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conns, failed := make(chan *stream.Conn, 1), make(chan error, 1)
		w := newWorld(t, nil, func(c *stream.Conn) stream.Ending {
			conns <- c
			err := converse(c)
			failed <- err
			return stream.EndingFor(err)
		})
		defer w.close()
		p := w.login()
		c := <-conns
		c.SetFarewell([]byte("<farewell/>"))
		first := stream.Ending{Err: &stanza.StreamError{Condition: stanza.StreamConflict}, Reason: events.ReasonReplaced}
		c.End(first)
		if got := c.End(stream.SystemShutdown()); got != first {
			t.Errorf("the end that counts is %+v, want the first", got)
		}
		if c.Send([]byte("<late/>")) {
			t.Error("something was sent after the end")
		}
		got := p.answers()
		if !strings.HasPrefix(got, "<farewell/>"+streamError+"conflict ") || !strings.HasSuffix(got, "</stream:stream>(closed)") {
			t.Errorf("the peer was sent %s", got)
		}
		if err := <-failed; err == nil {
			t.Error("the handler was not told")
		}
	})
}

func TestAShutdownEndsEveryStreamAndRefusesNewOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, echo)
		defer w.close()
		bound, stranger := w.login(), w.connect()
		stranger.open()
		synctest.Wait()
		begun := time.Now()
		if err := w.server.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if d := time.Since(begun); d > 3*time.Second {
			t.Errorf("it took %v", d)
		}
		bound.mustEnd(t, "system-shutdown")
		stranger.mustEnd(t, "system-shutdown")
		if !w.connect().isClosed() || w.server.Connections() != 0 {
			t.Error("a connection was let in afterwards")
		}
	})
}

// A lastMoment listener gives a connection that comes while its server is told to stop.
type lastMoment struct {
	net.Listener
	stop context.CancelFunc
}

func (l lastMoment) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	l.stop()
	return nc, err
}

func (lastMoment) Close() error { return nil } // later

func TestAConnectionThatComesAsAListenerIsClosedIsClosed(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		ctx, stop := context.WithCancel(t.Context())
		pipes := newPipes()
		w.rooms.Go(func() { w.server.Serve(ctx, lastMoment{pipes, stop}) })
		nc, _ := pipes.dial(nil)
		if n, err := nc.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("its peer reads %d bytes, %v", n, err)
		}
	})
}

func TestAShutdownWaitsForHandlersAsLongAsItsContextSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, func(c *stream.Conn) stream.Ending {
			e := echo(c)
			<-time.After(time.Minute) // it has something to store
			return e
		})
		defer w.close()
		w.login()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
	})
}

func TestStreamsForOtherDomainsAreRefused(t *testing.T) {
	for to, condition := range map[string]string{
		"to='elsewhere.example'": "host-unknown", "": "improper-addressing", "to='a@localhost'": "improper-addressing",
	} {
		t.Run(to, func(t *testing.T) {
			alone(t, nil, func(t *testing.T, w *world) {
				p := w.connect()
				p.send(strings.Replace(header, "to='"+domain+"'", to, 1))
				p.mustEnd(t, condition)
			})
		})
	}
}

func TestAServerWithoutWhatItNeedsIsRefused(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]stream.Config{
		"no domain":       {AllowPlaintext: true},
		"no TLS":          {Domains: []string{domain}},
		"a wrong pattern": {Domains: []string{domain}, AllowPlaintext: true, WebOrigins: []string{"[a"}},
	} {
		if _, err := stream.New(cfg, echo); err == nil {
			t.Errorf("%s: served", name)
		}
	}
}
