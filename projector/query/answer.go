package query

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
)

// The kinds of questions, and the group in which one of several projectors
// answers each.
const (
	verbSessions = "sessions"
	verbHoldings = "connectors"
	verbSummary  = "hash"
	group        = "projectors"
)

const (
	// maxQuestion bounds a question's text in bytes.
	maxQuestion = 4 << 10
	// tableTime bounds the wait for the table, answerTime the wait for a whole
	// answer; an asker should live to be told of the former.
	tableTime  = 20 * time.Second
	answerTime = 30 * time.Second
	// chunkSize is where an answer is cut, in bytes.
	chunkSize = 64 << 10
)

// A question asks for an answer as of After or later.
type question struct {
	After events.Position `json:"after"`
	Since int64           `json:"since,omitempty"` // of a summary: see Summarize
}

// An Answerer takes the questions with a verb; of all that do so for one group
// only one gets each. handle sends the answer in chunks, and its error goes to
// the asker as text.
type Answerer interface {
	Answer(verb, group string, handle func(ctx context.Context, request []byte, send func(chunk []byte) error) error) (stop func(), err error)
}

// Answer answers questions about the table from when it returns until stop is
// called, which waits for the answers under way to be given up. log is told of each
// question, at level debug; nil: nobody is told.
func Answer(a Answerer, table *projector.Table, log *slog.Logger) (stop func(), err error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &server{table: table, log: log}
	var stops []func()
	stop = func() {
		for _, stop := range stops {
			stop()
		}
	}
	for verb, answer := range map[string]func(q question, send func([]byte) error) error{
		verbSessions: func(_ question, send func([]byte) error) error { return sendLines(send, Sessions(table)) },
		verbHoldings: func(_ question, send func([]byte) error) error { return sendLines(send, Holdings(table)) },
		verbSummary: func(q question, send func([]byte) error) error {
			return sendLines(send, func(yield func(Summary) bool) { yield(Summarize(table, q.Since)) })
		},
	} {
		end, err := a.Answer(verb, group, func(ctx context.Context, request []byte, send func([]byte) error) error {
			q, err := s.catchUp(ctx, request)
			if err != nil {
				return err
			}
			s.log.Debug("question", "verb", verb)
			return answer(q, send)
		})
		if err != nil {
			stop()
			return nil, fmt.Errorf("answer %s: %w", verb, err)
		}
		stops = append(stops, end)
	}
	return stop, nil
}

// A server answers from one table.
type server struct {
	table *projector.Table
	log   *slog.Logger
}

// catchUp waits until the table is where the question asks for, but not for ever:
// there are few places, and the asker may be gone.
func (s *server) catchUp(ctx context.Context, request []byte) (q question, err error) {
	if len(request) > maxQuestion {
		return q, fmt.Errorf("not a question: %d bytes are more than %d", len(request), maxQuestion)
	}
	if err := json.Unmarshal(request, &q); err != nil {
		return q, fmt.Errorf("not a question: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, tableTime)
	defer cancel()
	if err := s.table.WaitFor(ctx, q.After); err != nil {
		return q, fmt.Errorf("the table is behind %s#%d: %w", q.After.Stream, q.After.Seq, err)
	}
	return q, nil
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
