package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
)

// foldNews is how often a process that is not ready yet says how far it is.
const foldNews = 3 * time.Second

// missing is how many records are gone from between the log's first and its
// last. Nothing of ours removes any there; damage of the disk does, and the
// server drops damaged records in silence when it starts.
func missing(info events.Info) uint64 {
	if info.Last == 0 || info.Last < info.First {
		return 0
	}
	return uint64(info.Last-info.First) + 1 - info.Records
}

// checkLog tells the operator of a log that is not whole. The service goes on
// with the records that are there.
func checkLog(ctx context.Context, b *bus.Bus, log *slog.Logger) (events.Info, error) {
	info, err := b.Log().Info(ctx)
	if err != nil {
		return info, err
	}
	if n := missing(info); n > 0 {
		log.Warn("the log has holes, so that some sessions and their histories are not as they were", "missing", n, "last", info.Last)
	}
	if info.Last > 0 {
		return info, nil
	}
	for doc, err := range b.Accounts().All(ctx) {
		if err != nil {
			return info, err
		}
		if doc.JID.Local() != "" { // whose making was an event
			log.Warn("there are accounts but no log of them: all history is lost, or this is another log")
			break
		}
	}
	return info, nil
}

// awaitFold waits until the table has all that the log had, and says how far
// that is where it takes long. It returns false if ctx ends before.
func awaitFold(ctx context.Context, fold *projector.Projector, table *projector.Table, all events.Info, log *slog.Logger) bool {
	tick := time.NewTicker(foldNews)
	defer tick.Stop()
	for {
		select {
		case <-fold.CaughtUp():
			return true
		case <-ctx.Done():
			return false
		case <-tick.C:
			log.Warn("reading the log before serving", "records", table.Stats().Records, "of", all.Records)
		}
	}
}
