package stream_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

const domain = "localhost"

// echo is a protocol: what the peer sends comes back to it, of <much/> much. A
// peer that sends <login/> is known from then on, and TLS begins where it is asked
// for.
func echo(c *stream.Conn) stream.Ending { return stream.EndingFor(converse(c)) }

func converse(c *stream.Conn) error {
	if _, err := c.Open(); err != nil {
		return err
	}
	c.Send([]byte("<stream:features xmlns:stream='" + stanza.NSStream + "'/>"))
	for {
		el, err := c.Next()
		if err != nil {
			return err
		}
		switch {
		case el.Is(stanza.NSTLS, "starttls"):
			if err := c.StartTLS(); err != nil {
				return err
			}
			return converse(c)
		case el.Local() == "much":
			c.Send([]byte("<much>" + strings.Repeat(el.Text(), 100) + "</much>"))
			continue
		case el.Local() == "login":
			c.MarkAuthenticated()
			c.MarkBound()
		}
		c.Send([]byte(el.Raw()))
	}
}

// A world is a server and its peers.
type world struct {
	t      testing.TB
	server *stream.Server
	pipes  *pipes
	ctx    context.Context
	stop   context.CancelFunc
	rooms  sync.WaitGroup // every goroutine that the world started

	mu       sync.Mutex
	recorded []events.Event // guarded
}

// newWorld starts a server of a handler on pipes. tune may change its
// configuration.
func newWorld(t testing.TB, tune func(*stream.Config), handle stream.Handler) *world {
	w := &world{t: t, pipes: newPipes()}
	w.ctx, w.stop = context.WithCancel(context.Background())
	cfg := stream.Config{Domains: []string{domain}, AllowPlaintext: true, Record: func(_ events.ConnID, e events.Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.recorded = append(w.recorded, e)
	}}
	if tune != nil {
		tune(&cfg)
	}
	var err error
	if w.server, err = stream.New(cfg, handle); err != nil {
		t.Fatal(err)
	}
	w.serve((*stream.Server).Serve, w.pipes)
	return w
}

func (w *world) serve(how func(*stream.Server, context.Context, net.Listener) error, l net.Listener) {
	w.rooms.Go(func() {
		if err := how(w.server, w.ctx, l); err != nil {
			w.t.Error(err)
		}
	})
}

// events are those that were recorded so far.
func (w *world) events() []events.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]events.Event(nil), w.recorded...)
}

// connected is the first event of all.
func (w *world) connected() events.Connected {
	e, _ := w.events()[0].(events.Connected)
	return e
}

func (w *world) close() {
	if err := w.server.Shutdown(context.Background()); err != nil {
		w.t.Error(err)
	}
	w.stop()
	w.rooms.Wait()
}

// alone runs a test in a bubble with a server that echoes.
func alone(t *testing.T, tune func(*stream.Config), test func(t *testing.T, w *world)) {
	t.Parallel()
	selfSigned() // made outside
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, tune, echo)
		defer w.close()
		test(t, w)
	})
}

// A peer notes down what it is sent.
type peer struct {
	conn    net.Conn
	address net.Addr

	mu    sync.Mutex
	heard strings.Builder // guarded
	pause chan struct{}   // guarded; if not nil, nothing is read until it is closed
}

// at is a peer that comes from an address.
func at(ip string) *peer { return &peer{address: &net.TCPAddr{IP: net.ParseIP(ip), Port: 40_000}} }

// connect opens a connection from an address of its own.
func (w *world) connect() *peer { return w.connectFrom(nil) }

// connectFrom opens a connection from the address that another peer is from.
func (w *world) connectFrom(other *peer) *peer {
	p := &peer{}
	if other != nil {
		p.address = other.address
	}
	p.conn, p.address = w.pipes.dial(p.address)
	if p.conn == nil {
		p.note("(closed)")
		return p
	}
	w.rooms.Go(p.read)
	return p
}

// login connects a peer that is known and bound.
func (w *world) login() *peer {
	w.t.Helper()
	p := w.connect()
	p.open()
	p.send("<login/>")
	if got := p.answers(); !strings.HasSuffix(got, "<login/>") {
		w.t.Fatalf("the login was answered by %s", got)
	}
	return p
}

func (p *peer) read() {
	b := make([]byte, 4<<10)
	for {
		n, err := p.conn.Read(b)
		p.note(string(b[:n]))
		if err != nil {
			p.note("(closed)")
			p.conn.Close()
			return
		}
		p.mu.Lock()
		pause := p.pause
		p.mu.Unlock()
		if pause != nil {
			<-pause
		}
	}
}

func (p *peer) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard.WriteString(text)
}

// stall makes the peer stop reading, after what it reads at the moment, until the
// function that it returns is called.
func (p *peer) stall() (goOn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pause := make(chan struct{})
	p.pause = pause
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.pause = nil
		close(pause)
	}
}

// send writes what the peer says. Errors show as the stream's end.
func (p *peer) send(xml string) {
	if p.conn != nil {
		io.WriteString(p.conn, xml)
	}
}

const header = "<stream:stream to='" + domain + "' version='1.0' xmlns='" + stanza.NSClient + "' xmlns:stream='" + stanza.NSStream + "'>"

func (p *peer) open() { p.send("<?xml version='1.0'?>" + header) }

// drop cuts the connection without a word.
func (p *peer) drop() { p.conn.Close() }

// answers settles and returns what the peer was sent since the last time.
func (p *peer) answers() string {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.heard.Reset()
	return p.heard.String()
}

const streamError = "<stream:error xmlns:stream='" + stanza.NSStream + "'><"

// isClosed settles and reports that the connection was closed.
func (p *peer) isClosed() bool { return strings.HasSuffix(p.answers(), "(closed)") }

// mustEnd expects that the stream was ended by a stream error.
func (p *peer) mustEnd(t *testing.T, condition string) {
	t.Helper()
	got := p.answers()
	if !strings.Contains(got, streamError+condition+" ") || !strings.HasSuffix(got, "</stream:stream>(closed)") {
		t.Errorf("a peer was sent %s, want an end with %s", got, condition)
	}
}

// mustLive expects that the stream is as usable as ever.
func (p *peer) mustLive(t *testing.T) {
	t.Helper()
	p.send("<live/>")
	if got := p.answers(); !strings.HasSuffix(got, "<live/>") {
		t.Errorf("a peer was sent %s, want its <live/>", got)
	}
}

// pipes is a listener on net.Pipe.
type pipes struct {
	mu     sync.Mutex
	made   int // guarded
	accept chan net.Conn
	done   chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{accept: make(chan net.Conn), done: make(chan struct{})} }

// dial returns the peer's end, and nil once the listener is closed. The peer gets
// an address of its own if it has none.
func (p *pipes) dial(address net.Addr) (net.Conn, net.Addr) {
	mine, theirs := net.Pipe()
	p.mu.Lock()
	p.made++
	if address == nil {
		address = &net.TCPAddr{IP: net.IPv4(10, 9, 0, byte(p.made)), Port: 50_000}
	}
	p.mu.Unlock()
	select {
	case p.accept <- from{theirs, address}:
		return mine, address
	case <-p.done:
		return nil, nil
	}
}

// from is a connection with the address of a peer of its own.
type from struct {
	net.Conn
	addr net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.addr }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.IPAddr{IP: net.IPv6loopback} }

// withTLS makes a server offer TLS.
func withTLS(c *stream.Config) { c.TLS = &tls.Config{Certificates: []tls.Certificate{selfSigned()}} }

// selfSigned is valid in the virtual time of synctest, too, which begins in 2000.
var selfSigned = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{domain},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})
