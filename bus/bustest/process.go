package bustest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// serverModule is built at the version that go.mod names.
const serverModule = "github.com/nats-io/nats-server/v2"

// binary builds nats-server once and keeps it in the user's cache: linking it
// takes seconds.
var binary = sync.OnceValues(func() (string, error) {
	version, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", serverModule).Output()
	if err != nil {
		return "", fmt.Errorf("version of nats-server: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	target := filepath.Join(cache, "rollcall-test", "nats-server-"+strings.TrimSpace(string(version)))
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	// Another test binary may do the same: the last rename wins.
	fresh := fmt.Sprintf("%s.%d", target, os.Getpid())
	if out, err := exec.Command("go", "build", "-o", fresh, serverModule).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build nats-server: %w\n%s", err, out)
	}
	return target, os.Rename(fresh, target)
})

// A Server is a nats-server process with JetStream, on a port and a directory
// of its own. It is killed when its test ends.
type Server struct {
	URL string

	t     testing.TB
	args  []string
	store string    // directory
	log   string    // file
	cmd   *exec.Cmd // nil while it doesn't run
}

// StartServer starts a single server with further arguments, if any.
func StartServer(t testing.TB, args ...string) *Server {
	t.Helper()
	port := freePorts(t, 1)[0]
	s := newServer(t, port, args...)
	s.Start()
	return s
}

func newServer(t testing.TB, port int, args ...string) *Server {
	dir := t.TempDir()
	s := &Server{
		t: t, URL: fmt.Sprintf("nats://127.0.0.1:%d", port),
		store: filepath.Join(dir, "store"), log: filepath.Join(dir, "log"),
	}
	s.args = append([]string{
		"-a", "127.0.0.1", "-p", fmt.Sprint(port), "-js", "-sd", s.store, "-l", s.log,
	}, args...)
	t.Cleanup(s.Kill)
	return s
}

// Start starts the process, on the same port and directory as before, and
// waits until it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.launch()
	s.await()
}

func (s *Server) launch() {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd = exec.Command(path, s.args...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("start nats-server: %v", err)
	}
}

// await waits for the server's greeting.
func (s *Server) await() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		if greeted(ctx, strings.TrimPrefix(s.URL, "nats://")) {
			return
		}
		pause(ctx, 10*time.Millisecond)
	}
	log, _ := os.ReadFile(s.log)
	s.t.Fatalf("nats-server %s does not answer; its log:\n%s", s.URL, log)
}

func greeted(ctx context.Context, addr string) bool {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(time.Second))
	line, _ := bufio.NewReader(c).ReadString(' ')
	return line == "INFO "
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// PID is that of the process, which must run.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// RunServer runs nats-server for something that ends by itself, as -t and --signal do, and
// returns what it says.
func RunServer(t testing.TB, args ...string) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	said, err := exec.CommandContext(ctx, path, args...).CombinedOutput()
	if err != nil {
		t.Errorf("nats-server %q: %v\n%s", args, err, said)
	}
	return string(said)
}

// Kill ends the process as kill -9 does. It may be started again.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

func (s *Server) end(how syscall.Signal) {
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Signal(how); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Errorf("end nats-server: %v", err)
	}
	s.cmd.Wait()
	s.cmd = nil
}

// Freeze stops the process without ending it, until Thaw: to its clients it
// is a server that has fallen silent.
func (s *Server) Freeze() {
	s.t.Helper()
	s.signal(syscall.SIGSTOP)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(s.cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		s.t.Fatalf("freeze nats-server: %v, %v", status, err)
	}
}

// Thaw lets a frozen process go on.
func (s *Server) Thaw() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Errorf("signal nats-server: %v", err)
	}
}

// AwaitRemoval waits until the files of a stream that was deleted before are
// gone. A server that is told to delete a stream of the same name earlier
// fails to, and gives the old messages to the next one.
func (s *Server) AwaitRemoval(stream string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		if _, err := os.Stat(filepath.Join(s.store, "jetstream", "$G", "streams", "."+stream)); errors.Is(err, fs.ErrNotExist) {
			return
		}
		pause(ctx, time.Millisecond)
	}
	s.t.Fatalf("the files of stream %s are not removed", stream)
}

// A Cluster is several servers that replicate.
type Cluster struct {
	URL     string // of all servers
	Servers []*Server
}

// StartCluster starts a cluster of n servers, each with further arguments, if any, and
// waits until all answer. Its JetStream gets ready a little later, which bus.Connect
// waits for.
func StartCluster(t testing.TB, n int, args ...string) *Cluster {
	t.Helper()
	ports := freePorts(t, 2*n)
	var routes, urls []string
	for _, port := range ports[n:] {
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", port))
	}
	c := &Cluster{}
	for i := range n {
		s := newServer(t, ports[i], append([]string{
			"-n", fmt.Sprintf("n%d", i+1),
			"-cluster_name", "test",
			"-cluster", routes[i],
			"-routes", strings.Join(routes, ","),
		}, args...)...)
		s.launch()
		c.Servers = append(c.Servers, s)
		urls = append(urls, s.URL)
	}
	for _, s := range c.Servers {
		s.await()
	}
	c.URL = strings.Join(urls, ",")
	return c
}

// freePorts returns ports that were free a moment ago.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// StartConfigured starts a server with a file that says all of it, and that it listens for
// clients at an address of this machine.
func StartConfigured(t testing.TB, file, address string) *Server {
	t.Helper()
	s := &Server{t: t, URL: "nats://" + address, log: filepath.Join(t.TempDir(), "log")}
	s.args = []string{"-c", file, "-l", s.log}
	t.Cleanup(s.Kill)
	s.launch()
	return s
}

// Await waits until the server answers.
func (s *Server) Await() {
	s.t.Helper()
	s.await()
}
