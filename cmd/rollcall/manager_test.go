package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A manager starts a process and listens to it, as systemd does.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
	*process
}

func manage(t *testing.T, args ...string) *manager {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	env := append(os.Environ(), "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=300000")
	p, err := launch(env, dir, append([]string{"up", "--data", "data", "--c2s", "127.0.0.1:0", "--ws", "", "--http", "", "--nats-listen", "127.0.0.1:0"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
	})
	return &manager{t, conn, p}
}

// hears waits for a message that begins like this.
func (m *manager) hears(want string) {
	m.t.Helper()
	m.conn.SetReadDeadline(time.Now().Add(patience))
	for b := make([]byte, 1000); ; {
		n, err := m.conn.Read(b)
		if err != nil {
			m.t.Fatalf("no %s: %v\n%s", want, err, m.err.String())
		}
		if strings.HasPrefix(string(b[:n]), want) {
			return
		}
	}
}

func (m *manager) signal(s os.Signal) {
	m.t.Helper()
	if err := m.cmd.Process.Signal(s); err != nil {
		m.t.Fatal(err)
	}
}

func TestAServiceManagerIsToldWhatTheProcessDoes(t *testing.T) {
	t.Parallel()
	m := manage(t)
	m.hears("READY=1")
	if !m.says(&m.out, serving) {
		t.Errorf("it was ready before it served:\n%s", m.out.String())
	}
	m.hears("STATUS=ready, 0 sessions on all connectors, 0 connections here")
	m.hears("WATCHDOG=1")
	m.signal(syscall.SIGHUP) // systemctl reload: nothing is to be read again
	m.hears("STATUS=ready")
	m.hears("WATCHDOG=1")
	m.signal(syscall.SIGTERM)
	m.hears("STOPPING=1")
	select {
	case <-m.ended:
	case <-time.After(5 * time.Second):
		t.Fatal("it takes longer to stop than 5 s")
	}
	if code := m.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d: %s", code, m.err.String())
	}
}
