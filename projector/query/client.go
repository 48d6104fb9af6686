package query

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
)

// An Asker puts a question to whoever answers the verb, one of them, and gives
// the chunks of the answer. An error is the last; its own for "nobody answers"
// comes through unchanged, wrapped.
type Asker interface {
	Ask(ctx context.Context, verb string, request []byte) iter.Seq2[[]byte, error]
}

// A Client asks a running projector. Each question is asked as of the log's end
// at that time. It is safe for concurrent use.
type Client struct {
	Asker Asker
	Log   interface {
		Info(context.Context) (events.Info, error)
	}
}

// Sessions gives all sessions, in no order. An error is the last.
func (c Client) Sessions(ctx context.Context) iter.Seq2[Session, error] {
	return ask[Session](ctx, c, verbSessions, question{})
}

// Holdings gives what each connector holds, by name and epoch. An error is the
// last.
func (c Client) Holdings(ctx context.Context) iter.Seq2[Holding, error] {
	return ask[Holding](ctx, c, verbHoldings, question{})
}

// Summary says what the projector's table is; see Summarize for since, which is 0
// for all sessions. An older projector leaves Young empty.
func (c Client) Summary(ctx context.Context, since int64) (Summary, error) {
	for s, err := range ask[Summary](ctx, c, verbSummary, question{Since: since}) {
		return s, err
	}
	return Summary{}, fmt.Errorf("ask for %s: the answer is empty", verbSummary)
}

// ask gives each line of an answer.
func ask[V any](ctx context.Context, c Client, verb string, q question) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		var none V
		info, err := c.Log.Info(ctx)
		if err != nil {
			yield(none, fmt.Errorf("log: %w", err))
			return
		}
		q.After = events.Position{Stream: info.Stream, Seq: info.Last}
		request, err := json.Marshal(q)
		if err != nil {
			yield(none, err)
			return
		}
		for chunk, err := range c.Asker.Ask(ctx, verb, request) {
			if err != nil {
				yield(none, fmt.Errorf("ask for %s: %w", verb, err))
				return
			}
			for line := range bytes.Lines(chunk) {
				var v V
				if err := json.Unmarshal(line, &v); err != nil {
					yield(none, fmt.Errorf("answer to %s: %w", verb, err))
					return
				}
				if !yield(v, nil) {
					return
				}
			}
		}
	}
}
