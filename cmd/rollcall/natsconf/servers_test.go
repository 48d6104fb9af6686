package natsconf_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/natsconf"
)

// patience bounds every wait of these tests.
const patience = 60 * time.Second

// servers are nats-servers with the configuration that was written for them.
type servers struct {
	*natsconf.Config
	dir       string
	processes []*bustest.Server
}

// start starts one server or three, each with a store of its own.
func start(t *testing.T, nodes int) *servers {
	t.Helper()
	cfg, err := natsconf.New(hosts(t, nodes))
	must(t, err)
	s := &servers{Config: cfg, dir: t.TempDir()}
	cfg.Store = filepath.Join(s.dir, "store")
	_, err = cfg.Write(s.dir)
	must(t, err)
	for _, n := range cfg.Nodes {
		file := filepath.Join(s.dir, n.File())
		s.processes = append(s.processes, bustest.StartConfigured(t, file, n.Advertised()))
	}
	for _, p := range s.processes {
		p.Await()
	}
	return s
}

// as is how a user connects.
func (s *servers) as(user string) bus.Config {
	return bus.Config{URL: s.URL(), Existing: true, Credentials: bus.Credentials{
		Seed: filepath.Join(s.dir, natsconf.KeyFile(user)), CA: filepath.Join(s.dir, natsconf.AuthorityFile),
	}}
}

func (s *servers) connect(t *testing.T, user string, existing bool) *bus.Bus {
	t.Helper()
	cfg := s.as(user)
	cfg.Existing = existing
	b, err := bus.Connect(within(t), cfg)
	must(t, err)
	t.Cleanup(b.Close)
	return b
}

// raw is what a user has with another program. The errors that the server tells come on a
// channel.
func (s *servers) raw(t *testing.T, user string) (*nats.Conn, <-chan error) {
	t.Helper()
	nc, told, err := s.dial(t, user)
	must(t, err)
	t.Cleanup(nc.Close)
	return nc, told
}

// dial is raw for whoever may be refused.
func (s *servers) dial(t *testing.T, user string) (*nats.Conn, <-chan error, error) {
	t.Helper()
	told := make(chan error, 100)
	options := []nats.Option{
		nats.RootCAs(filepath.Join(s.dir, natsconf.AuthorityFile)),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { told <- err }),
	}
	if user == "feed" {
		password, err := os.ReadFile(filepath.Join(s.dir, natsconf.PasswordFile))
		must(t, err)
		options = append(options, nats.UserInfo(user, strings.TrimSpace(string(password))))
	} else {
		key, err := nats.NkeyOptionFromSeed(filepath.Join(s.dir, natsconf.KeyFile(user)))
		must(t, err)
		options = append(options, key, nats.CustomInboxPrefix(s.inbox(t, user)))
	}
	nc, err := nats.Connect(s.URL(), options...)
	return nc, told, err
}

// inbox is what a user's answers come below, as its configuration says.
func (s *servers) inbox(t *testing.T, user string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, s.Nodes[0].File()))
	must(t, err)
	m := regexp.MustCompile(`(?s)# ` + user + `: .*?"(_INBOX\.\w+)\.>"`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("%s has no inbox", user)
	}
	return string(m[1])
}

// hosts are addresses of this machine whose ports, and those that follow from them, are free.
func hosts(t *testing.T, n int) (all []string) {
	t.Helper()
	for len(all) < n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		if port < 60000 && isFree(port+2000) && isFree(port+4000) {
			all = append(all, fmt.Sprintf("127.0.0.1:%d", port))
		}
	}
	return all
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err == nil {
		l.Close()
	}
	return err == nil
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
