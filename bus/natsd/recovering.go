package natsd

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// When a start that takes long says how far it is: nobody should wait for longer
// than a moment without knowing why, however long the log is.
const (
	firstNews = time.Second
	moreNews  = 3 * time.Second
)

// awaitStart waits until the server has recovered its streams, which has no limit
// of time: all that a stream has may have to be read. It fails if the server does,
// or when ctx ends.
func (s *Server) awaitStart(ctx context.Context) error {
	began := time.Now()
	news := time.NewTimer(firstNews)
	defer news.Stop()
	for {
		select {
		case <-s.started:
			return nil
		case <-s.log.failed:
			return s.log.failure()
		case <-ctx.Done():
			return fmt.Errorf("start NATS: the streams are not recovered yet: %w", ctx.Err())
		case <-news.C:
			s.log.out.Warn("recovering the streams before serving", "stream", s.log.stream(), "for", time.Since(began).Round(time.Second))
			news.Reset(moreNews)
		}
	}
}

// restoring is how the server, of nats-server 2.15, begins to say which stream it
// recovers. The name is quoted, after the account's: 'account > stream'.
const restoring = "Starting restore for stream "

// note remembers the stream that a line of level info names as being recovered.
func (l *logger) note(level slog.Level, text string) {
	names, ok := strings.CutPrefix(text, restoring)
	if !ok || level != slog.LevelInfo {
		return
	}
	_, stream, _ := strings.Cut(strings.Trim(names, "'"), " > ")
	l.at(stream)
}

// at notes the stream that is being recovered.
func (l *logger) at(stream string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.restored = stream
}

// stream is the one that was being recovered last; "" if there was none yet.
func (l *logger) stream() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.restored
}
