package main

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"time"
)

// sayAgain is how long a line of the log that says the same as one before is
// left out. Trouble that goes on for that long is worth a line again.
const sayAgain = time.Minute

// maxSaid bounds how many lines are remembered. Beyond it all are forgotten.
const maxSaid = 1000

// newLogger logs to w, which the welcome does not go to: that is for people and
// scripts to read. An error that was written already in the last minute is left
// out, for an action that fails during an outage is tried again and again; news
// in between, which is any line without an error, makes it worth saying.
//
// Lines name neither accounts nor clients' addresses, for they are kept and read where
// nobody puts on record who asks; the history has both, by the time of a line. With
// verbose they do, for whoever has to find out about one client.
func newLogger(w io.Writer, verbose bool) *slog.Logger {
	o := slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: discreet}
	if verbose {
		o.Level, o.ReplaceAttr = slog.LevelDebug, shorten
	}
	once := &onceWriter{w: w, now: time.Now, said: make(map[string]time.Time)}
	return slog.New(slog.NewTextHandler(once, &o))
}

// shorten makes an error one line without repetitions, under one name.
func shorten(_ []string, a slog.Attr) slog.Attr {
	if err, ok := a.Value.Any().(error); ok {
		return slog.String("error", oneLine(err))
	}
	return a
}

// A onceWriter takes a line of slog's text at each Write, and passes on what it
// has not passed on recently. It is safe for concurrent use.
type onceWriter struct {
	w   io.Writer
	now func() time.Time

	mu   sync.Mutex
	said map[string]time.Time // guarded; lines but for their time, and when they were written
}

func (o *onceWriter) Write(line []byte) (int, error) {
	_, what, _ := bytes.Cut(line, []byte(" ")) // the first word is the time
	o.mu.Lock()
	defer o.mu.Unlock()
	if !bytes.Contains(what, []byte(" error=")) {
		clear(o.said)
		return o.w.Write(line)
	}
	now := o.now()
	if at, ok := o.said[string(what)]; ok && now.Sub(at) < sayAgain {
		return len(line), nil
	}
	if len(o.said) >= maxSaid {
		clear(o.said)
	}
	o.said[string(what)] = now
	return o.w.Write(line)
}
