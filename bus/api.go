package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The JetStream API: a request to the server's leader and its answer, in JSON
// (ADR-1). Streams, consumers and messages of streams are asked for by it.

// apiPrefix begins the subjects that the API is asked at.
const apiPrefix = "$JS.API."

// api asks the JetStream API. Errors wrap events.ErrNotFound or
// events.ErrUnavailable, and the server's *jetstream.APIError if it sent one.
func (b *Bus) api(ctx context.Context, verb string, request, response any) error {
	answer, err := b.ask(ctx, verb, request)
	if err != nil {
		return err
	}
	return parseAnswer(verb, answer, response)
}

// ask returns the API's answer as it came.
func (b *Bus) ask(ctx context.Context, verb string, request any) ([]byte, error) {
	data, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	answer, err := b.rpc.do(ctx, &nats.Msg{Subject: apiPrefix + verb, Data: data})
	if err != nil {
		return nil, unread(ctx, err)
	}
	if len(answer.Data) == 0 {
		return nil, fmt.Errorf("%w: JetStream is not ready", events.ErrUnavailable)
	}
	return answer.Data, nil
}

// parseAnswer reads an answer, which is an error or what was asked for.
func parseAnswer(verb string, answer []byte, response any) error {
	var failed struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := errors.Join(json.Unmarshal(answer, &failed), json.Unmarshal(answer, response)); err != nil {
		return fmt.Errorf("%w: answer to %s: %w", events.ErrUnavailable, verb, err)
	}
	if failed.Error != nil {
		return apiError(failed.Error)
	}
	return nil
}
