package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

const (
	// lookAtLog is how often a running service looks how full the log is.
	lookAtLog = 5 * time.Minute
	// warnAgain is how often it warns of the same thing.
	warnAgain = 6 * time.Hour
)

// A logWatch warns the operator of a log that fills up, once for each level that it
// gets to, and again after some hours.
type logWatch struct {
	log      capacity.Log
	sessions func() int
	out      *slog.Logger

	level capacity.Level // that was told
	told  time.Time
}

// run looks until ctx ends. A log that can't be looked at is reported elsewhere.
func (w *logWatch) run(ctx context.Context) {
	tick := time.NewTicker(lookAtLog)
	defer tick.Stop()
	for {
		r, err := capacity.Glance(ctx, w.log, w.sessions(), time.Now())
		if err == nil && w.isNews(r) {
			r, err = capacity.Look(ctx, w.log, r.Sessions, r.At)
		}
		if err == nil {
			w.tell(r)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// isNews reports that there is something to tell. A level that was told before is news
// again only after the log has been fine, or some hours later.
func (w *logWatch) isNews(r *capacity.Report) bool {
	level := r.Level()
	return level > w.level || level > capacity.Fine && r.At.Sub(w.told) >= warnAgain
}

// tell warns if there is reason to.
func (w *logWatch) tell(r *capacity.Report) {
	level := r.Level()
	if !w.isNews(r) {
		if level == capacity.Fine {
			w.level = level
		}
		return
	}
	w.level, w.told = level, r.At
	severity := slog.LevelWarn
	if level == capacity.Full {
		severity = slog.LevelError
	}
	attrs := []any{"bytes", sizeText(r.Bytes), "limit", sizeText(r.MaxBytes)}
	if r.Disk != nil {
		attrs = append(attrs, "disk_free", sizeText(r.Disk.Free))
	}
	w.out.Log(context.Background(), severity, ask.Headline(r)+" See: rollcall log", attrs...)
}
