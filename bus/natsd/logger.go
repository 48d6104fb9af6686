package natsd

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// maxLines is how many different lines a minute are passed on. The rest is
// dropped: somebody's broken client must not flood the log.
const maxLines = 20

// A logger passes what the server logs on to the process's log. It tells this
// package two things: what the server takes for fatal, for which its own
// loggers would end the process, and that there is no room on the disk.
type logger struct {
	out    *slog.Logger
	failed chan struct{} // closed at the first fatal line
	full   chan struct{} // holds one element when there was no room since it was last emptied

	mu        sync.Mutex
	fatal     string              // guarded
	recovered []string            // guarded; the streams that are being recovered, as far as is known
	said      map[string]struct{} // guarded; the lines of this minute
	since     time.Time           // guarded; when this minute began
}

func newLogger(out *slog.Logger) *logger {
	if out == nil {
		out = slog.New(slog.DiscardHandler)
	}
	return &logger{out: out, failed: make(chan struct{}), full: make(chan struct{}, 1), said: make(map[string]struct{})}
}

// The server's Logger interface. Debug and trace are off.
func (l *logger) Noticef(format string, args ...any) { l.pass(slog.LevelInfo, format, args) }
func (l *logger) Warnf(format string, args ...any)   { l.pass(slog.LevelWarn, format, args) }
func (l *logger) Errorf(format string, args ...any)  { l.pass(slog.LevelError, format, args) }
func (l *logger) Debugf(string, ...any)              {}
func (l *logger) Tracef(string, ...any)              {}
func (l *logger) Fatalf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == "" {
		l.fatal = fmt.Sprintf(format, args...)
		close(l.failed)
	}
}

func (l *logger) pass(level slog.Level, format string, args []any) {
	text := strings.TrimSpace(fmt.Sprintf(format, args...))
	l.note(level, text)
	m := meaningOf(level, text)
	if m.full {
		select {
		case l.full <- struct{}{}:
		default:
		}
	}
	if m.level <= slog.LevelInfo {
		l.out.Log(context.Background(), m.level, m.msg, "text", text)
	} else if l.fresh(m.key(text), time.Now()) {
		l.out.Log(context.Background(), m.level, m.msg, "error", text)
	}
}

// fresh reports whether a line is to be passed on: one that is new in this
// minute.
func (l *logger) fresh(line string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= time.Minute {
		clear(l.said)
		l.since = now
	}
	if _, ok := l.said[line]; ok || len(l.said) >= maxLines {
		return false
	}
	l.said[line] = struct{}{}
	return true
}

// failure says why the server did not start.
func (l *logger) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == "" {
		return fmt.Errorf("start NATS: not ready within %s", readyTimeout)
	}
	return fmt.Errorf("start NATS: %s", l.fatal)
}
