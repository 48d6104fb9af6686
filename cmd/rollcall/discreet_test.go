package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

func TestTheLogNamesNobodyUnlessItIsToldTo(t *testing.T) {
	t.Parallel()
	for verbose, want := range map[bool]bool{false: false, true: true} {
		var out bytes.Buffer
		log := newLogger(&out, verbose)
		log.Warn("login refused", "account", "alice@localhost", "address", "192.0.2.7:5222",
			"error", errors.New("next event of bob@localhost/desk: write tcp 127.0.0.1:5222->[2001:db8::7]:50123: broken pipe"))
		for _, who := range []string{"alice", "bob", "desk", "192.0.2.7", "2001:db8::7"} {
			if strings.Contains(out.String(), who) != want {
				t.Errorf("verbose: %v, and %s is in %s", verbose, who, out.String())
			}
		}
		for _, what := range []string{"login refused", "next event of ", "127.0.0.1:5222->", "broken pipe"} {
			if !strings.Contains(out.String(), what) {
				t.Errorf("%s is not in %s", what, out.String())
			}
		}
	}
}

// proxy connects as a trusted proxy does for a client at an address.
func (p *process) proxy(from string) (*client, error) {
	nc, err := net.DialTimeout("tcp", xmppAddress.FindStringSubmatch(p.out.String())[1], patience)
	if err != nil {
		return nil, err
	}
	nc.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(nc, "PROXY TCP4 %s 198.51.100.1 50000 5222\r\n", from)
	return &client{nc: nc, reader: stanza.NewReader(nc, stanza.Limits{})}, nil
}

// proxied is a client that a trusted proxy connects for, and that logs in.
func (p *process) proxied(from, user, password, resource string) (*client, error) {
	c, err := p.proxy(from)
	if err != nil {
		return nil, err
	}
	if err := c.login("localhost", user, password, resource); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// Whatever happens to a process, its log names no account, no client's address and no
// token; with --verbose no token, and no password.
func TestTheLogOfABusyProcessNamesNobody(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"plain": nil, "verbose": {"--verbose"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := connectorProcess(t, t.TempDir(), "a", append(flags, "--demo", "--nats-listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--ws", "127.0.0.1:0",
				"--trusted-proxy", "127.0.0.1/32", "--login-rate", "1", "--address-max", "12")...)
			token := p.trouble(t)
			eventually(t, "what is refused is logged", func() bool {
				return strings.Contains(p.err.String(), "too many of one account") && strings.Contains(p.err.String(), "too many from one address")
			})
			secrets := []string{token, token[len("rct_"):], strings.Split(token, "_")[2], "rct_", "wrong password", "YWxpY2U", "d3Jvbmc"}
			if flags == nil {
				secrets = append(secrets, "alice", "bob", "carol", "mallory", "localhost/", "192.0.2.", "203.0.113.")
			}
			for _, secret := range secrets {
				if at := strings.Index(p.err.String(), secret); at >= 0 {
					t.Errorf("%q is in its log:\n%s", secret, around(p.err.String(), at))
				}
			}
		})
	}
}

// around is the line of a text at a place.
func around(text string, at int) string {
	begin := strings.LastIndexByte(text[:at], '\n') + 1
	line, _, _ := strings.Cut(text[begin:], "\n")
	return line
}

// trouble makes for a process all kinds of events that it may log, and returns a token
// that was used.
func (p *process) trouble(t *testing.T) string {
	t.Helper()
	token, err := command(t, "token", "add", "busy", "--scope", "admin", "--nats", p.nats())
	if err != nil {
		t.Fatal(token, err)
	}
	token = regexp.MustCompile(`rct_\S+`).FindString(token)
	eventually(t, "the token lets in", func() bool { code, _ := p.ask(t, token, "/v1/sessions"); return code == 200 })
	for i := range 8 { // more than alice may
		if c, err := p.proxied("192.0.2.7", "alice", "alice", fmt.Sprint("phone", i)); err == nil {
			t.Cleanup(c.close)
		}
	}
	for i, user := range []string{"alice", "bob", "mallory"} {
		if _, err := p.proxied(fmt.Sprintf("203.0.113.%d", i), user, "wrong password", "x"); err == nil {
			t.Errorf("%s is let in", user)
		}
	}
	for range 2 { // each replaces the one before
		c, err := p.proxied("192.0.2.8", "carol", "carol", "desk")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.close)
	}
	for i := range 20 { // more than an address may
		nc, err := net.DialTimeout("tcp", xmppAddress.FindStringSubmatch(p.out.String())[1], patience)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		fmt.Fprintf(nc, "PROXY TCP4 192.0.2.9 198.51.100.1 %d 5222\r\n", 50000+i)
	}
	for _, path := range []string{"/v1/events?account=alice@localhost", "/v1/logins?filter=address:192.0.2.7", "/v1/accounts/alice@localhost/export", "/v1/nothing/bob@localhost"} {
		p.ask(t, token, path)
		p.ask(t, token+"x", path)
	}
	for _, args := range [][]string{{"kick", "alice@localhost", "--reason", "for mallory"}, {"user", "rm", "bob@localhost"}, {"history", "alice@localhost"}} {
		if said, err := command(t, append(args, "--nats", p.nats())...); err != nil {
			t.Fatal(said, err)
		}
	}
	return token
}
