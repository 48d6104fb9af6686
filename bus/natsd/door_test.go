package natsd

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

const patience = 30 * time.Second

func TestNobodyGetsInWithoutTheKey(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: t.TempDir(), Listen: "127.0.0.1:0"})
	other, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := other.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	forge := func([]byte) ([]byte, error) { return make([]byte, 64), nil }
	for shown, with := range map[string]nats.Option{
		"nothing":      nats.Name("nobody"),
		"a name":       nats.UserInfo("rollcall", ""),
		"a password":   nats.UserInfo("rollcall", "rollcall"),
		"another key":  nats.Nkey(stranger, other.Sign),
		"a false name": nats.Nkey(s.door.public, other.Sign),
		"a forgery":    nats.Nkey(s.door.public, forge),
		"the path":     nats.UserInfo(s.KeyFile(), ""),
	} {
		nc, err := nats.Connect(s.URL(), with)
		if err == nil {
			nc.Close()
		}
		if !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("with %s: %v", shown, err)
		}
	}
}

func TestNobodyGetsInWithinTheProcessWithoutTheKeyEither(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: t.TempDir()})
	conn, err := s.InProcessConn()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	lines.Scan() // INFO
	if _, err := conn.Write([]byte("CONNECT {}\r\n")); err != nil {
		t.Fatal(err)
	}
	if !lines.Scan() || lines.Text() != "-ERR 'Authorization Violation'" {
		t.Errorf("it says %q, %v", lines.Text(), lines.Err())
	}
}

func TestTheKeyIsTheSameAfterEachStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, Options{DataDir: dir})
	first, err := os.ReadFile(s.KeyFile())
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(KeyFile(dir)); err != nil || info.Mode() != 0o600 {
		t.Errorf("its file has the mode %v, %v", info.Mode(), err)
	}
	s.Shutdown()
	start(t, Options{DataDir: dir, Listen: "127.0.0.1:0"})
	if again, err := os.ReadFile(KeyFile(dir)); err != nil || string(again) != string(first) {
		t.Errorf("it is another one: %v", err)
	}
}

// A data directory of a build that knew no key, or of a restore, gets one.
func TestADirectoryWithStreamsAndNoKeyGetsOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, Options{DataDir: dir}).Shutdown()
	if err := os.Remove(KeyFile(dir)); err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{DataDir: dir})
	nc, err := nats.Connect("", nats.InProcessServer(s), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}

func TestAKeyThatOthersMayHaveIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil func(dir string) error
		want  string
	}{
		"others can read it":      {func(dir string) error { return os.Chmod(KeyFile(dir), 0o640) }, "chmod 600"},
		"others can replace it":   {func(dir string) error { return os.Chmod(dir, 0o707) }, "chmod o-w"},
		"it is something else":    {func(dir string) error { return os.WriteFile(KeyFile(dir), []byte("secret\n"), 0o600) }, "remove it"},
		"it is empty":             {func(dir string) error { return os.Truncate(KeyFile(dir), 0) }, "remove it"},
		"it is a directory":       {func(dir string) error { return errors.Join(os.Remove(KeyFile(dir)), os.Mkdir(KeyFile(dir), 0o700)) }, "remove it"},
		"it leads to another one": {func(dir string) error { return link(dir) }, "chmod 600"},
	} {
		dir := t.TempDir()
		start(t, Options{DataDir: dir}).Shutdown()
		if err := test.spoil(dir); err != nil {
			t.Fatal(err)
		}
		_, err := Start(t.Context(), Options{DataDir: dir})
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// link puts a file that everybody can read in the place of the key.
func link(dir string) error {
	shown := filepath.Join(dir, "shown")
	seed, err := os.ReadFile(KeyFile(dir))
	return errors.Join(err, os.WriteFile(shown, seed, 0o644), os.Remove(KeyFile(dir)), os.Symlink(shown, KeyFile(dir)))
}

// program connects with a token, and tells what the server refuses it.
func program(t *testing.T, s *Server, token string) (*nats.Conn, chan error) {
	t.Helper()
	refused := make(chan error, 10)
	nc, err := nats.Connect(s.URL(), nats.Token(token), nats.NoReconnect(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc, refused
}

func TestAProgramMayDoWhatItIsLetInForAndNothingElse(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: t.TempDir(), Listen: "127.0.0.1:0"})
	s.Admit(func(token string) *Program {
		if token != "right" {
			return nil
		}
		return &Program{Name: "it", Publish: []string{"ask.>"}, Subscribe: []string{"_INBOX.>"}, Stays: func() bool { return true }}
	})
	if _, err := nats.Connect(s.URL(), nats.Token("wrong")); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("with a token that nobody knows: %v", err)
	}
	own, err := nats.Connect(s.URL(), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if _, err := own.Subscribe("ask.time", func(m *nats.Msg) { m.Respond([]byte("noon")) }); err != nil {
		t.Fatal(err)
	}
	if err := own.Flush(); err != nil {
		t.Fatal(err)
	}
	nc, refused := program(t, s, "right")
	if answer, err := nc.Request("ask.time", nil, patience); err != nil || string(answer.Data) != "noon" {
		t.Errorf("it may ask, and gets %v, %v", answer, err)
	}
	for what, do := range map[string]func() error{
		"publish":             func() error { return nc.Publish("tell.time", nil) },
		"read what others do": func() error { _, err := nc.SubscribeSync("ask.time"); return err },
		"read everything":     func() error { _, err := nc.SubscribeSync(">"); return err },
		"use JetStream":       func() error { return nc.Publish("$JS.API.STREAM.LIST", nil) },
	} {
		if err := errors.Join(do(), nc.Flush()); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		select {
		case err := <-refused:
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(patience):
			t.Errorf("it may %s", what)
		}
	}
}

func TestAProgramDoesNotSeeTheAnswersToThoseWithTheKey(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: t.TempDir(), Listen: "127.0.0.1:0"})
	s.Admit(func(string) *Program {
		return &Program{Name: "it", Publish: []string{"ask.>"}, Subscribe: []string{"_INBOX.>"}, Stays: func() bool { return true }}
	})
	nc, _ := program(t, s, "any")
	sub, err := nc.SubscribeSync("_INBOX.>")
	if err := errors.Join(err, nc.Flush()); err != nil {
		t.Fatal(err)
	}
	own, err := nats.Connect(s.URL(), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if _, err := own.Request("$JS.API.INFO", nil, patience); err != nil {
		t.Fatal(err)
	}
	_, err = own.Subscribe("ask.time", func(m *nats.Msg) { m.Respond([]byte("noon")) })
	if err := errors.Join(err, own.Flush(), nc.PublishRequest("ask.time", "_INBOX.mine", nil)); err != nil {
		t.Fatal(err)
	}
	if m, err := sub.NextMsg(patience); err != nil || m.Subject != "_INBOX.mine" {
		t.Errorf("it sees %v, %v", m, err)
	}
}

func TestAProgramIsTurnedOutWhenItMayNoLongerStay(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: t.TempDir(), Listen: "127.0.0.1:0"})
	removed := make(chan struct{})
	s.Admit(func(string) *Program {
		return &Program{Name: "it", Stays: func() bool {
			select {
			case <-removed:
				return false
			default:
				return true
			}
		}}
	})
	nc, _ := program(t, s, "any")
	gone := nc.StatusChanged(nats.CLOSED)
	close(removed)
	select {
	case <-gone:
	case <-time.After(patience):
		t.Error("it is still there")
	}
}

// A program that reconnects when the server is back must not be told that it is nobody, because
// most clients then give up.
func TestAProgramThatComesEarlyWaitsAtTheDoor(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: t.TempDir(), Listen: "127.0.0.1:0"})
	came := make(chan error, 1)
	go func() {
		nc, err := nats.Connect(s.URL(), nats.Token("any"), nats.Timeout(patience))
		if err == nil {
			nc.Close()
		}
		came <- err
	}()
	for s.ns.NumClients() == 0 {
		select {
		case err := <-came:
			t.Fatalf("it did not wait: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	s.Admit(func(string) *Program { return &Program{Name: "it", Stays: func() bool { return true }} })
	if err := <-came; err != nil {
		t.Error(err)
	}
}
