package natsd

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// A logger writes the server's log to a file, or nowhere, and keeps what the
// server takes for fatal: its own loggers would end the process.
type logger struct {
	failed chan struct{} // closed at the first fatal message

	mu    sync.Mutex
	w     io.WriteCloser // owned by mu; nil: nowhere
	fatal string         // owned by mu
}

func newLogger(file string) (*logger, error) {
	l := &logger{failed: make(chan struct{})}
	if file == "" {
		return l, nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: log file: %w", ErrUnwritable, err)
	}
	l.w = f
	return l, nil
}

func (l *logger) write(level, format string, args []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w != nil {
		fmt.Fprintf(l.w, "%s %s %s\n", time.Now().UTC().Format(time.RFC3339Nano), level, fmt.Sprintf(format, args...))
	}
}

// The server's Logger interface. Debug and trace are off.
func (l *logger) Noticef(format string, args ...any) { l.write("info", format, args) }
func (l *logger) Warnf(format string, args ...any)   { l.write("warn", format, args) }
func (l *logger) Errorf(format string, args ...any)  { l.write("error", format, args) }
func (l *logger) Debugf(string, ...any)              {}
func (l *logger) Tracef(string, ...any)              {}
func (l *logger) Fatalf(format string, args ...any) {
	l.write("fatal", format, args)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == "" {
		l.fatal = fmt.Sprintf(format, args...)
		close(l.failed)
	}
}

// failure says why the server did not start.
func (l *logger) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == "" {
		return fmt.Errorf("start NATS: not ready within %s", startTimeout)
	}
	return fmt.Errorf("start NATS: %s", l.fatal)
}

// Close closes the file.
func (l *logger) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w != nil {
		l.w.Close()
		l.w = nil
	}
}
