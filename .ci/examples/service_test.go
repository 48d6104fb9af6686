// Package examples runs what is in docs/examples against a service, and compares the
// answers with what Go finds in the log by folding it.
package examples

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
)

// The past that the service has when it starts. It reaches into three weeks.
const (
	pastEvents   = "12000"
	pastAccounts = "800"
	pastSessions = "60"
	pastSpan     = "15d"
)

// patience is how long a test may take, on a machine that is busy.
const patience = 4 * time.Minute

// A service is a running rollcall.
type service struct {
	t       *testing.T
	ctx     context.Context // of all commands
	program string
	bin     string // of programs
	home    string // of all its files
	nats    string // host:port, as are the others
	http    string
	c2s     string // STARTTLS
	c2sTLS  string // direct TLS
	up      *exec.Cmd
	log     bytes.Buffer // of its processes
	clients []string     // settings of theirs
}

// start makes a past for a service and starts it. It is stopped when the test ends.
func start(t *testing.T) *service {
	t.Helper()
	bin := os.Getenv("EXAMPLES_BIN")
	if bin == "" {
		t.Fatal("EXAMPLES_BIN is not set; .ci/examples/run installs what is in it")
	}
	home := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	s := &service{
		t: t, ctx: ctx, bin: bin, home: home, program: filepath.Join(bin, "rollcall"),
		nats: "127.0.0.1:0", http: "127.0.0.1:0", c2s: "127.0.0.1:0", c2sTLS: "127.0.0.1:0",
	}
	s.run(s.program, "bench", "log", "--data", s.data(), "--events", pastEvents, "--accounts", pastAccounts, "--live", pastSessions, "--span", pastSpan)
	s.serve()
	t.Cleanup(s.stop)
	return s
}

func (s *service) data() string { return filepath.Join(s.home, "data") }

// serve starts the process, on the ports of the one before if there was one, and waits
// until it says where it listens.
func (s *service) serve() {
	s.t.Helper()
	s.up = exec.Command(s.program, "up", "--data", s.data(), "--demo", "--domain", "localhost,example.org",
		"--roles", "connector,projector,http,publisher", "--nats-listen", s.nats, "--c2s", s.c2s, "--c2s-tls", s.c2sTLS, "--http", s.http, "--ws", "")
	s.up.Env = append(os.Environ(), "XDG_STATE_HOME="+s.home)
	out, err := s.up.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.up.Stderr = &s.log
	if err := s.up.Start(); err != nil {
		s.t.Fatal(err)
	}
	known := map[string]*string{"XMPP": &s.c2s, "direct": &s.c2sTLS, "HTTP": &s.http, "NATS": &s.nats}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		words := strings.Fields(strings.Replace(lines.Text(), "direct TLS", "direct", 1))
		switch {
		case len(words) > 1 && known[words[0]] != nil:
			_, address, isURL := strings.Cut(words[1], "://")
			if !isURL {
				address = words[1]
			}
			*known[words[0]] = address
		case strings.HasPrefix(lines.Text(), "Ctrl-C"):
			go io.Copy(io.Discard, out) // until the process ends
			return
		}
	}
	s.t.Fatal("the service did not start:\n", s.log.String())
}

// crash kills the process and starts it again.
func (s *service) crash() {
	s.t.Helper()
	s.up.Process.Kill()
	s.up.Wait()
	s.serve()
}

func (s *service) stop() {
	s.up.Process.Signal(os.Interrupt)
	if err := s.up.Wait(); err != nil || s.t.Failed() {
		s.t.Errorf("rollcall up: %v\n%s", err, s.log.String())
	}
}

// command is a command that finds the service, and ends with the test.
func (s *service) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.ctx, name, args...)
	cmd.Dir = s.home
	cmd.Env = append(os.Environ(), "ROLLCALL_NATS=nats://"+s.nats, "ROLLCALL="+s.program, "XDG_STATE_HOME="+s.home, "PYTHONDONTWRITEBYTECODE=1")
	return cmd
}

// run runs a command to its end, and returns what it says.
func (s *service) run(name string, args ...string) string {
	s.t.Helper()
	return s.finish(s.command(name, args...))
}

func (s *service) finish(cmd *exec.Cmd) string {
	s.t.Helper()
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("%s: %v\n%s\n%s", strings.Join(cmd.Args, " "), err, out.String(), log.String())
	}
	return out.String()
}

// visit has real clients come and go, and fail.
func (s *service) visit() {
	s.t.Helper()
	list := s.run(s.program, "bench", "c2s", "churn", "--users")
	users := s.command(s.program, "user", "import", "-")
	users.Stdin = strings.NewReader(list)
	s.finish(users)
	s.run(s.program, "bench", "c2s", "churn", "--server", s.c2s, "--rounds", "1", "--time", "1s")

	host, port, _ := strings.Cut(s.c2s, ":")
	_, tls, _ := strings.Cut(s.c2sTLS, ":")
	settings := []string{"XMPP_HOST=" + host, "PORT=" + port, "TLS_PORT=" + tls, "NODE_TLS_REJECT_UNAUTHORIZED=0", "NODE_NO_WARNINGS=1"}
	list += "alice@localhost:alice\nbob@localhost:bob\ncarol@localhost:carol\n"
	for line := range strings.Lines(list) {
		jid, password, _ := strings.Cut(strings.TrimSpace(line), ":")
		name, _, _ := strings.Cut(strings.ToUpper(jid), "@")
		settings = append(settings, name+"_JID="+jid, name+"_PASSWORD="+password)
	}
	s.clients = settings
	s.leaveOne()
	s.act(s.path("traffic.py"))
}

// leaveOne has a user come and go, and at the end vanish with a session that can be resumed.
func (s *service) leaveOne() {
	s.t.Helper()
	s.act("node", s.path("agents.mjs"))
}

// act has clients do something.
func (s *service) act(name string, args ...string) {
	s.t.Helper()
	cmd := s.command(name, args...)
	cmd.Env = append(cmd.Env, s.clients...)
	s.finish(cmd)
}

// settle waits until nobody is online, so that nothing happens any longer.
func (s *service) settle() {
	s.t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for s.run(s.program, "sessions", "--json") != "" {
		<-tick.C
	}
}

// connect gives Go the log.
func (s *service) connect() *bus.Bus {
	s.t.Helper()
	b, err := bus.Connect(s.ctx, bus.Config{URL: "nats://" + s.nats, Credentials: bus.Credentials{Seed: natsd.KeyFile(s.data())}, Name: "examples", Existing: true})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(b.Close)
	return b
}

// path is that of a file of this folder.
func (s *service) path(name string) string {
	s.t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		s.t.Fatal(err)
	}
	return path
}

// example is the path of one of docs/examples, with the packages that it needs installed
// beside it.
func (s *service) example(name string) string { return filepath.Join(s.bin, "..", "examples", name) }
