package natsd

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
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
			s.log.out.Warn("recovering the streams before serving", "streams", s.log.streams(), "for", time.Since(began).Round(time.Second))
			news.Reset(moreNews)
		}
	}
}

// How the server, of nats-server 2.15, says that it begins to recover a stream, several
// at the same time, and that it is done. The name is quoted, after the account's:
// 'account > stream'.
const (
	restoring = "Starting restore for stream "
	restored  = " messages for stream "
)

// note follows which streams are being recovered by what the server says.
func (l *logger) note(level slog.Level, text string) {
	if level != slog.LevelInfo {
		return
	}
	if _, names, ok := strings.Cut(text, restoring); ok {
		l.begin(streamIn(names))
	} else if _, names, ok := strings.Cut(text, restored); ok {
		l.end(streamIn(names))
	}
}

// streamIn takes the stream from a text that begins with its quoted name.
func streamIn(names string) string {
	names, _, _ = strings.Cut(strings.TrimPrefix(names, "'"), "'")
	_, stream, _ := strings.Cut(names, " > ")
	return stream
}

// begin and end say that a stream is being recovered, and no longer.
func (l *logger) begin(stream string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recovered = append(l.recovered, stream)
}

func (l *logger) end(stream string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recovered = slices.DeleteFunc(l.recovered, func(s string) bool { return s == stream })
}

// streams are those that are being recovered, in a line.
func (l *logger) streams() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.recovered, ", ")
}
