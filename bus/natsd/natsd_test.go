package natsd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus/commit"
)

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

func TestAServerIsReachedFromInsideAndOutside(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Fsync: "always", Name: "here"})
	inside, err := nats.Connect("", nats.InProcessServer(s), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	outside, err := nats.Connect(s.URL(), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	if outside.ConnectedServerName() != commit.ServerName("here") || inside.ConnectedServerId() != outside.ConnectedServerId() {
		t.Errorf("connected to %s and %s", inside.ConnectedServerName(), outside.ConnectedServerName())
	}
}

func TestAServerWithoutAnAddressHasNoURL(t *testing.T) {
	t.Parallel()
	s := start(t, Options{DataDir: t.TempDir()})
	if s.URL() != "" {
		t.Errorf("URL %s", s.URL())
	}
}

func TestWhatIsStoredOutlivesTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 2 {
		s := start(t, Options{DataDir: dir})
		nc, err := nats.Connect("", nats.InProcessServer(s), s.Login())
		if err != nil {
			t.Fatal(err)
		}
		js, _ := nc.JetStream()
		if _, err := js.AddStream(&nats.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
			t.Fatal(err)
		}
		ack, err := js.Publish("s", nil)
		if err != nil || ack.Sequence != uint64(round+1) {
			t.Errorf("round %d: %+v, %v", round, ack, err)
		}
		nc.Close()
		s.Shutdown()
		s.Shutdown()
	}
}

func TestWhyStartFails(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	used := t.TempDir()
	start(t, Options{DataDir: used})
	for _, test := range []struct {
		o     Options
		want  error
		value string
	}{
		{Options{Listen: taken.Addr().String()}, ErrPortInUse, taken.Addr().String()},
		{Options{Listen: "localhost"}, ErrBadAddress, "localhost"},
		{Options{Listen: "127.0.0.1:99999"}, ErrBadAddress, "99999"},
		{Options{Listen: "127.0.0.1:http"}, ErrBadAddress, "http"},
		{Options{Listen: "192.0.2.1:0"}, ErrBadAddress, "192.0.2.1"},
		{Options{DataDir: filepath.Join(file, "sub")}, ErrUnwritable, file},
		{Options{DataDir: used}, ErrLocked, used},
		{Options{Fsync: "never"}, ErrBadFsync, "never"},
		{Options{Fsync: "1ms"}, ErrBadFsync, "1ms"},
	} {
		if test.o.DataDir == "" {
			test.o.DataDir = t.TempDir()
		}
		s, err := Start(t.Context(), test.o)
		if err == nil {
			s.Shutdown()
		}
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.value) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", test.o, err)
		}
	}
}

func TestADirectoryIsFreeAgainAfterAFailedStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := Start(ctx, Options{DataDir: dir}); err == nil {
		s.Shutdown() // it was faster than the cancelled context
	}
	start(t, Options{DataDir: dir})
}

func TestTheServerWritesToItsLoggerOnly(t *testing.T) {
	dir := t.TempDir()
	out, err := os.CreateTemp(dir, "out")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = out, out
	s, err := Start(t.Context(), Options{DataDir: dir, Listen: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	os.Stdout, os.Stderr = stdout, stderr
	if err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if text, _ := io.ReadAll(out); len(text) > 0 {
		t.Errorf("the server wrote %q", text)
	}
	if !strings.Contains(log.String(), "level=INFO msg=NATS text=\"Server is ready\"") {
		t.Errorf("the log is %s", log.String())
	}
}
