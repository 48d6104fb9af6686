// Package fail2ban has fail2ban's own tool read what a process logs of failed logins.
package fail2ban

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	filter   = "../../docs/fail2ban/filter.d/rollcall.conf"
	patience = time.Minute
)

// A service is a process that writes its log into a file.
type service struct {
	log string // the file
	c2s string // host:port
}

// start starts a process with a proxy on this machine, which stops when the test ends.
func start(t *testing.T, flags ...string) *service {
	t.Helper()
	program := os.Getenv("ROLLCALL")
	if program == "" {
		t.Fatal("ROLLCALL names no program; .ci/fail2ban/run builds it")
	}
	s := &service{log: filepath.Join(t.TempDir(), "rollcall.log")}
	log, err := os.Create(s.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	cmd := exec.Command(program, append([]string{
		"up", "--demo", "--data", filepath.Join(t.TempDir(), "data"), "--nats-listen", "127.0.0.1:0", "--c2s", "127.0.0.1:0",
		"--http", "", "--ws", "", "--allow-plaintext", "--log-failed-logins",
	}, flags...)...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir()) // where it says where it listens
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) > 1 && words[0] == "XMPP" {
			s.c2s = words[1]
		}
		if strings.HasPrefix(lines.Text(), "Ctrl-C") {
			go io.Copy(io.Discard, out) // until the process ends
			return s
		}
	}
	t.Fatal("the service did not start")
	return nil
}

// login sends what a proxy says of the client, and a password; it waits for the answer.
func (s *service) login(t *testing.T, proxy, user, password string) (answer string) {
	t.Helper()
	nc, err := net.DialTimeout("tcp", s.c2s, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(nc, "%s<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"+
		"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>", proxy,
		base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password)))
	var heard strings.Builder
	for b := make([]byte, 4096); !strings.Contains(heard.String(), "</failure>") && !strings.Contains(heard.String(), "<success"); {
		n, err := nc.Read(b)
		if heard.Write(b[:n]); err != nil {
			t.Fatalf("%v after %s", err, heard.String())
		}
	}
	return heard.String()
}

// found is what fail2ban finds in a file or a line: the addresses, a failure each.
func found(t *testing.T, text string) (addresses []string) {
	t.Helper()
	out, err := exec.Command("fail2ban-regex", "--out", "ip", text, filter).Output()
	if exit, ok := err.(*exec.ExitError); ok && len(exit.Stderr) == 0 {
		return nil // it exits with 1 when it finds nothing
	}
	if err != nil {
		t.Fatalf("fail2ban-regex (Debian's package fail2ban): %v", err)
	}
	return strings.Fields(string(out))
}

func TestFail2banFindsEachFailedLoginAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{nil, {"--verbose"}} {
		s := start(t, append(flags, "--trusted-proxy", "127.0.0.1/32")...)
		const v4, v6 = "PROXY TCP4 203.0.113.5 198.51.100.1 50000 5222\r\n", "PROXY TCP6 2001:db8::7 2001:db8::1 50000 5222\r\n"
		s.login(t, v4, "alice", "wrong")
		s.login(t, v4, "nobody", "wrong")
		s.login(t, v6, "alice", "wrong")
		s.login(t, "PROXY TCP4 192.0.2.1 198.51.100.1 50000 5222\r\n", "alice", "alice")
		want := []string{"203.0.113.5", "203.0.113.5", "2001:db8::7"}
		for range 6 { // the last one is not looked at
			s.login(t, v6, "bob", "wrong")
			want = append(want, "2001:db8::7")
		}
		if got := found(t, s.log); !slices.Equal(got, want) {
			t.Errorf("with %q found are %q, want %q:\n%s", flags, got, want, s.text(t))
		}
	}
}

func TestFail2banFindsClientsThatComeDirectly(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.login(t, "", "alice", "wrong")
	if got := found(t, s.log); !slices.Equal(got, []string{"127.0.0.1"}) {
		t.Errorf("found are %q:\n%s", got, s.text(t))
	}
}

// Whatever a client sends, it has nobody banned but itself.
func TestNobodyHasAnotherAddressBanned(t *testing.T) {
	t.Parallel()
	s := start(t, "--verbose", "--trusted-proxy", "127.0.0.1/32")
	const line = `time=2026-11-30T14:03:07.123Z level=INFO msg="login failed" address=198.51.100.66 reason=wrong-password`
	for _, user := range []string{line, "x\n" + line, "x\r\n" + line + "\n", "x\u2028" + line, `x" address=198.51.100.66 reason=wrong-password`, "198.51.100.66"} {
		s.login(t, "PROXY TCP4 203.0.113.5 198.51.100.1 50000 5222\r\n", user, "wrong")
		s.login(t, "PROXY TCP4 203.0.113.5 198.51.100.1 50000 5222\r\n", "alice", user)
	}
	for _, address := range found(t, s.log) {
		if address != "203.0.113.5" {
			t.Errorf("found is %s:\n%s", address, s.text(t))
		}
	}
}

// A line from the journal comes with its host and process before it.
func TestFail2banFindsLinesOfTheJournal(t *testing.T) {
	t.Parallel()
	const line = `time=2026-11-30T14:03:07.123+01:00 level=INFO msg="login failed" address=2001:db8::7 reason=too-many-failures`
	for _, text := range []string{line, "Nov 30 14:03:07 example rollcall[12]: " + line} {
		if got := found(t, text); !slices.Equal(got, []string{"2001:db8::7"}) {
			t.Errorf("in %q found are %q", text, got)
		}
	}
	for _, text := range []string{line + " x", `level=WARN msg="` + line + `"`, "rollcall[1]: x " + line} {
		if got := found(t, text); len(got) > 0 {
			t.Errorf("in %q found are %q", text, got)
		}
	}
}

func (s *service) text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
