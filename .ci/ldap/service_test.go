package ldap

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A service is a running rollcall whose users are the directory's.
type service struct {
	t       *testing.T
	program *exec.Cmd
	address string // of XMPP, direct TLS

	mu  sync.Mutex
	log bytes.Buffer // guarded; all that it writes
}

func (s *service) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(b)
}

func (s *service) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// says waits until the log matches.
func (s *service) says(want string) []string {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		if m := regexp.MustCompile(want).FindStringSubmatch(s.said()); m != nil {
			return m
		}
		if time.Now().After(end) {
			s.t.Fatalf("it never says %s, but\n%s", want, s.said())
		}
		<-time.After(20 * time.Millisecond)
	}
}

func startService(t *testing.T, config string) *service {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "rollcall")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/rollcall").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file := filepath.Join(dir, "rollcall.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &service{t: t}
	s.program = exec.Command(program, "up", "--config", file, "--data", filepath.Join(dir, "data"), "--domain", "example.org",
		"--c2s", "", "--c2s-tls", "127.0.0.1:0", "--ws", "", "--http", "", "--nats-listen", "")
	s.program.Stdout, s.program.Stderr = s, s
	if err := s.program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.program.Process.Signal(syscall.SIGTERM)
		s.program.Wait()
	})
	s.says("Ctrl-C stops it")
	s.address = s.says(`direct TLS +([0-9.:]+)`)[1]
	return s
}

// A stream is a client's.
type stream struct {
	t    *testing.T
	conn net.Conn
	got  string
}

// login logs in by PLAIN, and returns the first element of the answer.
func (s *service) login(user, password string) (*stream, string) {
	s.t.Helper()
	conn, err := tls.Dial("tcp", s.address, &tls.Config{InsecureSkipVerify: true, ServerName: "example.org"})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	c := &stream{t: s.t, conn: conn}
	c.say("<stream:stream to='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
	features := c.hear("</stream:features>")
	if strings.Contains(features, "SCRAM") || !strings.Contains(features, "<mechanism>PLAIN</mechanism>") {
		s.t.Errorf("offered is %s", features)
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	c.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + plain + "</auth>")
	return c, c.hear("(<success[^>]*>|</failure>)")
}

func (c *stream) say(text string) {
	c.t.Helper()
	if _, err := c.conn.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// hear reads until there is something, and returns all up to its end.
func (c *stream) hear(want string) string {
	c.t.Helper()
	re := regexp.MustCompile(want)
	c.conn.SetDeadline(time.Now().Add(30 * time.Second))
	for b := make([]byte, 4096); ; {
		if m := re.FindStringIndex(c.got); m != nil {
			text := c.got[:m[1]]
			c.got = c.got[m[1]:]
			return text
		}
		n, err := c.conn.Read(b)
		if err != nil {
			c.t.Fatalf("%v instead of %s after %s", err, want, c.got)
		}
		c.got += string(b[:n])
	}
}

func TestTheUsersOfADirectoryLogIn(t *testing.T) {
	d := startSlapd(t)
	d.write("password", "searching\n")
	s := startService(t, fmt.Sprintf(`
[users."example.org"]
from = "ldap"
timeout = "2s"
[users."example.org".ldap]
url = "ldaps://%s"
ca = %q
base = "dc=example,dc=org"
filter = "(&(objectClass=inetOrgPerson)(uid={user}))"
bind-dn = "cn=search,dc=example,dc=org"
password-file = %q
`, d.tls, d.file("cert.pem"), d.file("password")))
	expect := func(user, password, want string) *stream {
		t.Helper()
		c, got := s.login(user, password)
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", user, got, want)
		}
		return c
	}
	alice := expect("alice", passwords["alice"], "<success")
	alice.say("<stream:stream to='example.org' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
	alice.say("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
	alice.hear("<jid>alice@example.org/")
	expect("bob", passwords["bob"], "<success")
	expect("alice", "wrong", "<not-authorized")
	expect("carol", passwords["alice"], "<not-authorized")

	// Frozen, then gone: each login is told to try again, and the operator once.
	d.freeze()
	expect("alice", passwords["alice"], "<temporary-auth-failure")
	d.kill()
	for range 8 {
		expect("alice", passwords["alice"], "<temporary-auth-failure")
	}
	alice.say("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
	alice.hear("id='p'")
	d.start()
	expect("alice", passwords["alice"], "<success")
	said := s.said()
	for end := time.Now().Add(30 * time.Second); !strings.Contains(said, "answers again") && time.Now().Before(end); said = s.said() {
		<-time.After(10 * time.Millisecond) // what a process writes comes after what it answers
	}
	for _, line := range []string{"gives no answer", "answers again"} {
		if n := strings.Count(said, line); n != 1 {
			t.Errorf("%q is logged %d times:\n%s", line, n, said)
		}
	}
	for _, secret := range []string{passwords["alice"], passwords["bob"], "searching"} {
		if strings.Contains(said, secret) {
			t.Errorf("a password is logged:\n%s", said)
		}
	}
}
