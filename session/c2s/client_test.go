package c2s_test

import (
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
)

// A client is an XMPP client that notes down what it is sent, item by item.
type client struct {
	name    string
	conn    net.Conn
	address net.Addr

	mu     sync.Mutex
	got    []string // guarded; canonical and masked
	previd string   // guarded; of the session, once stream management is on
	asked  string   // guarded; id of the last request
	filled string   // guarded; sessionid of the last command that showed a form
	closed chan struct{}
	pause  chan struct{} // guarded; if not nil, nothing is read until it is closed
}

// connect opens a connection to the node, from an address of its own.
func (n *node) connect(name string) *client { return n.connectFrom(nil, name) }

// connectFrom opens a connection from the address that another one is from.
func (n *node) connectFrom(other *client, name string) *client {
	c := &client{name: name, closed: make(chan struct{})}
	if other != nil {
		c.address = other.address
	}
	c.conn, c.address = n.listener.dial(c.address)
	if c.conn == nil {
		close(c.closed)
		c.note("(closed)")
		return c
	}
	n.rooms.Go(c.read)
	return c
}

// read is the client's goroutine. At a proceed it begins TLS.
func (c *client) read() {
	defer close(c.closed)
	x := newItems(slowly{c})
	for {
		item, err := x.next()
		if err != nil {
			c.note("(closed)")
			c.conn.Close()
			return
		}
		c.note(item)
		if strings.HasPrefix(item, "<proceed") {
			t := tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true})
			if err := t.Handshake(); err != nil {
				c.note("(handshake failed)")
				continue
			}
			c.mu.Lock()
			c.conn = t
			c.mu.Unlock()
			x = newItems(slowly{c})
		}
	}
}

// slowly reads from a client's connection, unless the client is paused.
type slowly struct{ c *client }

func (s slowly) Read(b []byte) (int, error) {
	s.c.mu.Lock()
	conn, pause := s.c.conn, s.c.pause
	s.c.mu.Unlock()
	if pause != nil {
		<-pause
	}
	return conn.Read(b)
}

// stall makes the client stop reading, after what it reads at the moment, until
// the function that it returns is called.
func (c *client) stall() (goOn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pause := make(chan struct{})
	c.pause = pause
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.pause = nil
		close(pause)
	}
}

var (
	enabledID = regexp.MustCompile(`<enabled .*\bid='([^']*)'`)
	commandID = regexp.MustCompile(`<command .*sessionid='([^']*)' status='executing'`)
	requestID = regexp.MustCompile(`^<iq [^>]*\bid='([^']*)' type='get'`)
)

func (c *client) note(item string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id := enabledID.FindStringSubmatch(item); id != nil {
		c.previd = id[1]
	}
	if id := commandID.FindStringSubmatch(item); id != nil {
		c.filled = id[1]
	}
	if id := requestID.FindStringSubmatch(item); id != nil {
		c.asked = id[1]
	}
	c.got = append(c.got, masked(item))
}

// take returns what came since the last time.
func (c *client) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.got
	c.got = nil
	return got
}

// send writes what the client says. Errors show as the stream's end.
func (c *client) send(xml string) {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn != nil {
		io.WriteString(conn, xml)
	}
}

// open sends a stream header.
func (c *client) open() {
	c.send("<?xml version='1.0'?><stream:stream to='" + domain + "' version='1.0' xmlns='" + nsClient + "' xmlns:stream='" + nsStreams + "'>")
}

// login sends everything up to the bound resource at once, as a client may that
// knows what it will be answered.
func (c *client) login(user, resource string) {
	c.open()
	c.send(plain(user, password))
	c.open()
	c.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>" + resource + "</resource></bind></iq>")
}

func plain(user, password string) string {
	return "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
		base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password)) + "</auth>"
}

// drop cuts the connection without a word.
func (c *client) drop() { c.conn.Close() }
