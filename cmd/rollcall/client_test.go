package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A client is as much of an XMPP client as the scripts need.
type client struct {
	nc     net.Conn
	reader *stanza.Reader
	jid    string
}

func (c *client) close() { c.nc.Close() }

// dialXMPP logs in with STARTTLS and PLAIN and binds a resource.
func dialXMPP(addr, domain, user, password, resource string) (*client, error) {
	nc, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	nc.SetDeadline(time.Now().Add(patience))
	c := &client{nc: nc, reader: stanza.NewReader(nc, stanza.Limits{})}
	if err := c.login(domain, user, password, resource); err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

// secure opens a stream with TLS.
func (c *client) secure(domain string) error {
	if _, err := c.open(domain); err != nil {
		return err
	}
	if _, err := c.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "proceed"); err != nil {
		return err
	}
	c.nc = tls.Client(c.nc, &tls.Config{InsecureSkipVerify: true}) // the certificate is self-signed
	c.reader.Reset(c.nc)
	_, err := c.open(domain)
	return err
}

func (c *client) login(domain, user, password, resource string) error {
	if err := c.authenticate(domain, user, password); err != nil {
		return err
	}
	result, err := c.ask("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>"+resource+"</resource></bind></iq>", "iq")
	if err != nil {
		return err
	}
	jid := result.Child(stanza.NSBind, "bind").Child(stanza.NSBind, "jid").Text()
	if jid == "" {
		return fmt.Errorf("not bound: %s", result.Raw())
	}
	c.jid = jid
	return nil
}

// authenticate goes up to the features of the stream behind a login.
func (c *client) authenticate(domain, user, password string) error {
	if err := c.secure(domain); err != nil {
		return err
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	if _, err := c.ask("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"+plain+"</auth>", "success"); err != nil {
		return err
	}
	c.reader.Restart()
	_, err := c.open(domain)
	return err
}

// open sends a stream header and reads the features.
func (c *client) open(domain string) (*stanza.Element, error) {
	header := "<stream:stream to='" + domain + "' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
	if _, err := c.nc.Write([]byte(header)); err != nil {
		return nil, err
	}
	if _, err := c.reader.Header(); err != nil {
		return nil, err
	}
	return c.reader.Next()
}

// ask sends and takes the next element, which must have the name.
func (c *client) ask(xml, name string) (*stanza.Element, error) {
	if _, err := c.nc.Write([]byte(xml)); err != nil {
		return nil, err
	}
	el, err := c.reader.Next()
	if err == nil && el.Local() != name {
		err = fmt.Errorf("refused: %s", el.Raw())
	}
	return el, err
}

// expect reads until something matches.
func (c *client) expect(want *regexp.Regexp) error {
	var seen []string
	for {
		el, err := c.reader.Next()
		text := string(el.Raw())
		if err != nil {
			text = "(end of stream)"
		}
		if want.MatchString(text) {
			return nil
		}
		seen = append(seen, text)
		if err != nil {
			return fmt.Errorf("%w before %q; there were %q", err, want, seen)
		}
	}
}

// scriptConnect is for a client that has no account yet.
func scriptConnect(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: connect CLIENT NODE")
	}
	nc, err := net.DialTimeout("tcp", ts.Getenv("C2S_"+args[1]), patience)
	ts.Check(err)
	c := &client{nc: nc, reader: stanza.NewReader(nc, stanza.Limits{})}
	worldOf(ts).clients[args[0]] = c
	ts.Check(c.secure("localhost"))
}

func scriptDistrust(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: distrust NODE")
	}
	nc, err := net.DialTimeout("tcp", ts.Getenv("C2S_"+args[0]), patience)
	ts.Check(err)
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	c := &client{nc: nc, reader: stanza.NewReader(nc, stanza.Limits{})}
	_, err = c.open("localhost")
	ts.Check(err)
	_, err = c.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "proceed")
	ts.Check(err)
	if tls.Client(nc, &tls.Config{ServerName: "localhost", RootCAs: x509.NewCertPool()}).Handshake() == nil {
		ts.Fatalf("the certificate of %s is trusted", args[0])
	}
}

func scriptLogin(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 5 {
		ts.Fatalf("usage: login CLIENT NODE USER PASSWORD RESOURCE")
	}
	w := worldOf(ts)
	c, err := dialXMPP(ts.Getenv("C2S_"+args[1]), "localhost", args[2], args[3], args[4])
	// A temporary refusal passes, as while a cluster elects another leader.
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !neg && isTemporary(err) && time.Now().Before(end); <-tick.C {
		c, err = dialXMPP(ts.Getenv("C2S_"+args[1]), "localhost", args[2], args[3], args[4])
	}
	switch {
	case neg && err == nil:
		c.close()
		ts.Fatalf("%s logged in", args[2])
	case neg:
		fmt.Fprintln(ts.Stdout(), err)
	case err != nil:
		ts.Fatalf("%s can't log in: %v", args[2], err)
	default:
		w.clients[args[0]] = c
	}
}

func isTemporary(err error) bool {
	return err != nil && strings.Contains(err.Error(), "temporary-auth-failure")
}

func (w *world) client(ts *testscript.TestScript, args []string) *client {
	if len(args) != 2 || w.clients[args[0]] == nil {
		ts.Fatalf("usage: send|expect CLIENT TEXT, for a client that is logged in")
	}
	return w.clients[args[0]]
}

func scriptDrop(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	if neg || len(args) != 1 || w.clients[args[0]] == nil {
		ts.Fatalf("usage: drop CLIENT")
	}
	w.clients[args[0]].close()
}

func scriptSend(ts *testscript.TestScript, _ bool, args []string) {
	c := worldOf(ts).client(ts, args)
	_, err := c.nc.Write([]byte(args[1]))
	ts.Check(err)
}

func scriptExpect(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("what never comes can't be waited for")
	}
	c := worldOf(ts).client(ts, args)
	want, err := regexp.Compile(args[1])
	ts.Check(err)
	c.nc.SetReadDeadline(time.Now().Add(patience))
	if err := c.expect(want); err != nil && !errors.Is(err, net.ErrClosed) {
		ts.Fatalf("%s: %v", args[0], err)
	}
}
