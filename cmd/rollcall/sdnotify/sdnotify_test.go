package sdnotify

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// manage listens as a manager does.
func manage(t *testing.T) (path string, next func() string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return path, func() string {
		t.Helper()
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		b := make([]byte, 1000)
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

func open(t *testing.T, env map[string]string) *Manager {
	t.Helper()
	m, err := Open(func(name string) string { return env[name] }, 42)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func TestTheManagerIsToldWhatTheManualSays(t *testing.T) {
	t.Parallel()
	path, next := manage(t)
	m := open(t, map[string]string{"NOTIFY_SOCKET": path})
	m.Starting("reads\nthe log", 30*time.Second)
	m.Ready()
	m.Status("serves")
	m.Stopping()
	for _, want := range []string{"STATUS=reads the log\nEXTEND_TIMEOUT_USEC=30000000", "READY=1", "STATUS=serves", "STOPPING=1"} {
		if got := next(); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
}

func TestTheWatchdogHearsOfAProcessOnlyWhileItWorks(t *testing.T) {
	t.Parallel()
	path, next := manage(t)
	m := open(t, map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "30000", "WATCHDOG_PID": "42"})
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int32
	over := make(chan struct{})
	go func() {
		m.Watch(ctx, func() bool { return asked.Add(1) <= 2 })
		close(over)
	}()
	for range 2 {
		if got := next(); got != "WATCHDOG=1" {
			t.Fatalf("told %q", got)
		}
	}
	for asked.Load() < 6 { // it goes on asking
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
		}
	}
	cancel()
	<-over
	m.Status("last")
	if got := next(); got != "STATUS=last" {
		t.Errorf("told %q of a process that does not work", got)
	}
}

func TestAnotherProcessIsNotWatched(t *testing.T) {
	t.Parallel()
	path, _ := manage(t)
	for _, env := range []map[string]string{
		{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "43"},
		{"NOTIFY_SOCKET": path},
		{"WATCHDOG_USEC": "1000"},
	} {
		open(t, env).Watch(t.Context(), func() bool { t.Error("asked"); return true })
	}
}

func TestWithoutAManagerNothingIsTold(t *testing.T) {
	t.Parallel()
	m := open(t, nil)
	m.Ready()
	m.Status("x")
	m.Starting("x", time.Second)
	m.Stopping()
}

func TestAManagerThatIsGoneIsAnErrorAtTheStart(t *testing.T) {
	t.Parallel()
	_, err := Open(func(string) string { return filepath.Join(t.TempDir(), "nobody") }, 42)
	if err == nil || !strings.HasPrefix(err.Error(), "NOTIFY_SOCKET: ") {
		t.Error(err)
	}
}
