package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/projector"
	"rollcall/session"
)

// The questions that a process with the projector role answers, and the group
// in which one of several such processes does.
const (
	askSessions   = "sessions"
	askConnectors = "connectors"
	askHash       = "hash"
	answerers     = "projectors"
	// chunkSize is where an answer is cut; see bus.Courier for the limit.
	chunkSize = 64 << 10
)

// A question is what the command line asks. The answer is as of After or
// later: whoever saw something acknowledged sees it in the answer. Both, and the
// lines of answers, are JSON between processes that may be of different versions:
// fields are added, never renamed.
type question struct {
	After events.Position `json:"after"`
}

// A hashView says what the table is at one sequence.
type hashView struct {
	Stream     string `json:"stream"`
	Seq        uint64 `json:"seq"`
	Hash       string `json:"hash"`
	Accounts   int    `json:"accounts"`
	Sessions   int    `json:"sessions"`
	Records    uint64 `json:"records"` // folded
	Poison     uint64 `json:"poison"`  // undecodable, passed over
	Unknown    uint64 `json:"unknown"` // of a kind that this build does not know
	Mismatched uint64 `json:"mismatched"`
}

// A holding is what a connector's sessions add up to.
type holding struct {
	Name      string `json:"name"`
	Epoch     uint64 `json:"epoch"`
	Sessions  int    `json:"sessions"`
	Available int    `json:"available"`
	Detached  int    `json:"detached"`
}

// answerAll answers the command line's questions about the table until ctx
// ends.
func answerAll(ctx context.Context, courier *bus.Courier, table *projector.Table, log *slog.Logger) error {
	type handler = func(context.Context, func([]byte) error) error
	for verb, answer := range map[string]handler{
		askSessions:   func(_ context.Context, send func([]byte) error) error { return sendLines(send, sessionViews(table)) },
		askConnectors: func(_ context.Context, send func([]byte) error) error { return sendLines(send, holdings(table)) },
		askHash: func(_ context.Context, send func([]byte) error) error {
			line, err := json.Marshal(hashOf(table))
			if err != nil {
				return err
			}
			return send(line)
		},
	} {
		stop, err := courier.Answer(verb, answerers, func(ctx context.Context, req []byte, send func([]byte) error) error {
			var q question
			if err := json.Unmarshal(req, &q); err != nil {
				return fmt.Errorf("not a question: %w", err)
			}
			if err := table.WaitFor(ctx, q.After); err != nil {
				return fmt.Errorf("the table is behind %s#%d: %w", q.After.Stream, q.After.Seq, err)
			}
			log.Debug("question", "verb", verb)
			return answer(ctx, send)
		})
		if err != nil {
			return fmt.Errorf("answer %s: %w", verb, err)
		}
		defer stop()
	}
	<-ctx.Done()
	return nil
}

// sendLines sends values as lines of JSON, in chunks that end with a line.
func sendLines[V any](send func([]byte) error, values iter.Seq[V]) error {
	var chunk bytes.Buffer
	enc := json.NewEncoder(&chunk)
	for v := range values {
		if err := enc.Encode(v); err != nil {
			return err
		}
		if chunk.Len() >= chunkSize {
			if err := send(chunk.Bytes()); err != nil {
				return err
			}
			chunk.Reset()
		}
	}
	if chunk.Len() == 0 {
		return nil
	}
	return send(chunk.Bytes())
}

// sessionViews gives all sessions of one instant. The accounts are immutable,
// so the table is left alone while they are sent.
func sessionViews(table *projector.Table) iter.Seq[sessionView] {
	var all []*session.Account
	table.View(func(_ events.Position, accounts iter.Seq[*session.Account]) {
		for a := range accounts {
			if len(a.Sessions) > 0 {
				all = append(all, a)
			}
		}
	})
	return func(yield func(sessionView) bool) {
		for _, a := range all {
			for _, s := range a.Sessions {
				if !yield(viewOf(s, table.IsLost(s.Connector))) {
					return
				}
			}
		}
	}
}

func holdings(table *projector.Table) iter.Seq[holding] {
	return func(yield func(holding) bool) {
		for _, c := range table.Connectors() {
			if !yield(holding{c.Name, c.Epoch, c.Sessions, c.Available, c.Detached}) {
				return
			}
		}
	}
}

// hashOf is the table's hash and what it was folded from. The counts may be of a
// moment later.
func hashOf(table *projector.Table) hashView {
	at, hash := table.Hash()
	stats := table.Stats()
	return hashView{
		Stream: at.Stream, Seq: uint64(at.Seq), Hash: hash.String(),
		Accounts: stats.Accounts, Sessions: stats.Sessions,
		Records: stats.Records, Poison: stats.Poison, Unknown: stats.Unknown, Mismatched: stats.Mismatched,
	}
}
