package load

import (
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A toy is as much of an XMPP server as the scenarios need.
type toy struct {
	lose bool // every message

	mu    sync.Mutex
	conns map[*toyConn]bool
	sees  map[string][]string // contact -> those who see its presence; bare JIDs
}

type toyConn struct {
	toy       *toy
	nc        net.Conn
	in        *stanza.Reader
	bare, jid string
}

func startToy(t *testing.T, lose bool) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	toy := &toy{lose: lose, conns: map[*toyConn]bool{}, sees: map[string][]string{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			c := &toyConn{toy: toy, nc: nc, in: stanza.NewReader(nc, stanza.Limits{})}
			serving.Go(c.serve)
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return &Server{
		Name: "toy", Addrs: []string{l.Addr().String()}, Domain: "localhost",
		Security: Plaintext, Mechanism: plain, Password: "secret",
	}
}

func (c *toyConn) serve() {
	defer c.nc.Close()
	for _, features := range []string{"", "<bind xmlns='" + stanza.NSBind + "'/>"} {
		if _, err := c.in.Header(); err != nil {
			return
		}
		c.send(string(stanza.AppendHeader(nil, stanza.Header{From: "localhost"})) + "<stream:features>" + features + "</stream:features>")
		if features != "" {
			break
		}
		el, err := c.in.Next()
		if err != nil {
			return
		}
		text, _ := base64.StdEncoding.DecodeString(el.Text())
		c.bare = strings.Split(string(text), "\x00")[1] + "@localhost"
		c.send("<success xmlns='" + stanza.NSSASL + "'/>")
		c.in.Restart()
	}
	for el, err := c.in.Next(); err == nil; el, err = c.in.Next() {
		c.toy.mu.Lock()
		c.handle(el)
		c.toy.mu.Unlock()
	}
	c.toy.mu.Lock()
	delete(c.toy.conns, c)
	c.toy.mu.Unlock()
	c.send(stanza.StreamEnd)
}

func (c *toyConn) send(s string) { c.nc.Write([]byte(s)) }

// handle holds the toy's mutex.
func (c *toyConn) handle(el *stanza.Element) {
	switch el.Local() {
	case "message":
		if !c.toy.lose {
			c.toy.sendTo(el.Attr("to"), el.Raw())
		}
	case "presence":
		c.presence(el)
	case "iq":
		c.iq(el)
	}
}

func (c *toyConn) iq(el *stanza.Element) {
	payload := ""
	switch {
	case el.Child(stanza.NSBind, "bind") != nil:
		c.jid = c.bare + "/" + el.First().Child(stanza.NSBind, "resource").Text()
		c.toy.conns[c] = true
		payload = "<bind xmlns='" + stanza.NSBind + "'><jid>" + c.jid + "</jid></bind>"
	case el.Child(stanza.NSRoster, "query") != nil && el.Type() == "set":
		c.toy.sendTo(c.bare, "<iq type='set' id='p'>"+el.First().Raw()+"</iq>")
	case el.Child(stanza.NSRoster, "query") != nil:
		payload = "<query xmlns='" + stanza.NSRoster + "'/>"
	}
	c.send(fmt.Sprintf("<iq type='result' id='%s'>%s</iq>", el.ID(), payload))
}

func (c *toyConn) presence(el *stanza.Element) {
	to := el.Attr("to")
	switch el.Type() {
	case "subscribe":
		c.toy.sendTo(to, "<presence type='subscribe' from='"+c.bare+"'/>")
	case "subscribed":
		c.toy.sees[c.bare] = append(c.toy.sees[c.bare], to)
		c.toy.sendTo(to, "<iq type='set' id='p'><query xmlns='"+stanza.NSRoster+"'><item jid='"+c.bare+"' subscription='to'/></query></iq>")
	default:
		for _, to := range append([]string{c.bare}, c.toy.sees[c.bare]...) {
			c.toy.sendTo(to, "<presence from='"+c.jid+"'><show>away</show></presence>")
		}
	}
}

// sendTo takes a full or a bare JID.
func (t *toy) sendTo(to, text string) {
	for c := range t.conns {
		if c.jid == to || c.bare == to {
			c.send(text)
		}
	}
}
