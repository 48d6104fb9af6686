// Package sdnotify tells a service manager how the process is, by the protocol of
// sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names. systemd speaks it,
// and so do others.
//
// A process that no manager has started has a nil [Manager], whose methods do nothing.
// Messages are lost, not waited for, if the manager doesn't read them.
package sdnotify

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// pingsPerLimit is how often the watchdog hears of the process within its limit; the
// manual asks for two, and one may be late.
const pingsPerLimit = 3

// writeTimeout bounds a message to a manager whose socket is full.
const writeTimeout = time.Second

// A Manager is whatever started the process. It is safe for concurrent use.
type Manager struct {
	conn     *net.UnixConn
	watchdog time.Duration // 0: none
}

// Open connects to the manager that the environment names, for the process pid: nil
// if there is none.
func Open(getenv func(string) string, pid int) (*Manager, error) {
	path := getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil, nil
	}
	if name, ok := strings.CutPrefix(path, "@"); ok {
		path = "\x00" + name // of the abstract namespace
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	m := &Manager{conn: conn}
	if meant := getenv("WATCHDOG_PID"); meant != "" && meant != strconv.Itoa(pid) {
		return m, nil // another process's
	}
	if us, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64); err == nil && us > 0 {
		m.watchdog = time.Duration(us) * time.Microsecond
	}
	return m, nil
}

// Ready says that the process serves.
func (m *Manager) Ready() { m.tell("READY=1") }

// Stopping says that the process is about to end.
func (m *Manager) Stopping() { m.tell("STOPPING=1") }

// Status is shown to people: one line.
func (m *Manager) Status(text string) { m.tell("STATUS=" + strings.ReplaceAll(text, "\n", " ")) }

// Starting is Status of a start that goes on, for which the manager is to wait as
// long again.
func (m *Manager) Starting(text string, again time.Duration) {
	m.tell(fmt.Sprintf("STATUS=%s\nEXTEND_TIMEOUT_USEC=%d", strings.ReplaceAll(text, "\n", " "), again.Microseconds()))
}

// Watch tells the watchdog that the process works, for as long as isAlive says so,
// and until ctx ends. One that does not return counts as a no. Without a watchdog
// isAlive is not asked.
func (m *Manager) Watch(ctx context.Context, isAlive func() bool) {
	if m == nil || m.watchdog == 0 {
		return
	}
	tick := time.NewTicker(m.watchdog / pingsPerLimit)
	defer tick.Stop()
	for {
		if isAlive() {
			m.tell("WATCHDOG=1")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Close ends the connection.
func (m *Manager) Close() {
	if m != nil {
		m.conn.Close()
	}
}

func (m *Manager) tell(message string) {
	if m == nil {
		return
	}
	m.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	m.conn.Write([]byte(message)) // whoever doesn't read needs no answer
}
