package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/projector"
	"rollcall/replay"
)

// answerTimeout bounds the wait for a whole answer.
const answerTimeout = 30 * time.Second

// ask puts a question to a process with the projector role and gives each line
// of the answer to take. The answer includes everything that is in the log
// when ask is called. bus.ErrNoAnswer means that no such process runs.
func ask[V any](ctx context.Context, b *bus.Bus, verb string, take func(V) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	info, err := b.Log().Info(ctx)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	q, err := json.Marshal(question{After: events.Position{Stream: info.Stream, Seq: info.Last}})
	if err != nil {
		return err
	}
	for chunk, err := range b.Courier().Ask(ctx, verb, q) {
		if err != nil {
			return fmt.Errorf("ask for %s: %w", verb, err)
		}
		for line := range bytes.Lines(chunk) {
			var v V
			if err := json.Unmarshal(line, &v); err != nil {
				return fmt.Errorf("answer to %s: %w", verb, err)
			}
			if err := take(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// past folds the log up to the moment, for questions about then and for those
// that nobody is there to answer.
func past(ctx context.Context, con *console, b *bus.Bus, m moment) (*projector.Table, error) {
	p, err := replay.At(ctx, watchedLog{b.Log(), con}, replay.Moment{Seq: m.seq, Time: m.at})
	if err != nil {
		return nil, err
	}
	con.sayForgotten(p.Whole)
	return p.Table, sayBeginning(ctx, con, b, m)
}

// sayForgotten tells people that the log is not whole.
func (c *console) sayForgotten(whole bool) {
	if !whole {
		c.say("note: retention has removed the beginning of the log; sessions that began before are missing")
	}
}

// sayBeginning tells people who ask about a time before the first record why
// there is nothing to see.
func sayBeginning(ctx context.Context, con *console, b *bus.Bus, m moment) error {
	if m.at.IsZero() {
		return nil
	}
	for st, err := range b.Log().Read(ctx, events.Range{To: 1}) {
		if err != nil {
			if events.IsPoison(err) {
				continue
			}
			return err
		}
		now := time.Now()
		if first := st.StoredAt(); m.at.Before(first) {
			con.say("note: the history begins at %s %s, later than that", con.stamp(first, now), con.zoneName(first))
		}
	}
	return nil
}

// present is the table now without anybody's help: the log's end folded, and
// the connectors without a lease marked as lost.
func present(ctx context.Context, con *console, b *bus.Bus) (*projector.Table, error) {
	table, err := past(ctx, con, b, moment{})
	if err != nil {
		return nil, err
	}
	book := leaseBook{leases: b.Leases(), table: table}
	if _, err := book.lost(ctx); err != nil {
		return nil, fmt.Errorf("leases: %w", err)
	}
	return table, nil
}
