package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/courier"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

const (
	// drainTime bounds each part of carrying out an order.
	drainTime = 5 * time.Second
	// maxDrainOrder is what one may have, in bytes.
	maxDrainOrder = 4 << 10
)

// drainVerb is what one connector is asked for. Its first part makes it an order. A name may be
// any text, and long, so it is there as a hash.
func drainVerb(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "do.drain." + hex.EncodeToString(sum[:16])
}

// A drainAnswer is what a connector answers: a report, or what it refuses.
type drainAnswer struct {
	ask.DrainReport
	Refused string `json:"refused,omitempty"` // a key of refusals
	Detail  string `json:"detail,omitempty"`
}

// refusals are the errors that whoever orders tells apart.
var refusals = map[string]error{"only": ask.ErrOnlyConnector, "not_draining": ask.ErrNotDraining}

// answerDrainOrders takes orders for this connector until ctx ends.
func (c *xmppConnector) answerDrainOrders(ctx context.Context) error {
	stop, err := c.bus.Courier().Answer(drainVerb(c.cfg.Name), "", func(ctx context.Context, request []byte, send func([]byte) error) error {
		answer, err := c.takeDrainOrder(ctx, request)
		if err != nil {
			return err
		}
		data, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		return send(data)
	})
	if err != nil {
		return unlessOver(ctx, err)
	}
	defer stop()
	<-ctx.Done()
	return nil
}

// takeDrainOrder checks what whoever reaches NATS may order, and has it carried out.
func (c *xmppConnector) takeDrainOrder(ctx context.Context, request []byte) (a drainAnswer, err error) {
	var o ask.DrainOrder
	if len(request) > maxDrainOrder {
		return a, errors.New("no order: it is too long")
	}
	if err := json.Unmarshal(request, &o); err != nil {
		return a, fmt.Errorf("no order: %w", err)
	}
	if err := ask.CheckDrain(o.Over); err != nil {
		return a, err
	}
	if o.Begin || o.End {
		err = c.order(ctx, o)
	}
	a.DrainReport = ask.DrainReport{Connector: c.cfg.Name, Drain: c.drain.state.Load(), Sessions: c.server.Sessions()}
	for name, refusal := range refusals {
		if errors.Is(err, refusal) {
			a.Refused, a.Detail = name, err.Error()
			return a, nil
		}
	}
	return a, err
}

// order hands an order to whoever carries it out, and waits for that.
func (c *xmppConnector) order(ctx context.Context, o ask.DrainOrder) error {
	call := drainCall{DrainOrder: o, ctx: ctx, done: make(chan error, 1)}
	select {
	case c.drain.orders <- call:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-call.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A drainer gives connectors orders. It is api.Drainer.
type drainer struct{ bus *bus.Bus }

// Drain has an order carried out, and reports how far the connector is. Errors wrap those of
// package ask, or are of NATS.
func (d drainer) Drain(ctx context.Context, name string, o ask.DrainOrder) (ask.DrainReport, error) {
	if err := ask.Exists(ctx, d.bus.Leases(), name); err != nil {
		return ask.DrainReport{}, err
	}
	request, err := json.Marshal(o)
	if err != nil {
		return ask.DrainReport{}, err
	}
	var a drainAnswer
	for chunk, err := range d.bus.Courier().Ask(ctx, drainVerb(name), request) {
		if errors.Is(err, courier.ErrNoAnswer) {
			return ask.DrainReport{}, fmt.Errorf("%s: %w: it has just died, or hangs, or is of a version that can't be drained", name, ask.ErrConnectorGone)
		}
		if refused, ok := errors.AsType[*courier.AnswerError](err); ok {
			return ask.DrainReport{}, fmt.Errorf("%s: %w", name, refused)
		}
		if err == nil {
			err = json.Unmarshal(chunk, &a)
		}
		if err != nil {
			return ask.DrainReport{}, err
		}
	}
	if a.Refused != "" {
		return a.DrainReport, fmt.Errorf("%s: %w", name, refusedAs(a))
	}
	return a.DrainReport, nil
}

// refusedAs is a refusal in the connector's words.
func refusedAs(a drainAnswer) error {
	refusal, known := refusals[a.Refused]
	if !known {
		return errors.New(a.Detail)
	}
	return &refusedError{refusal, a.Detail}
}

type refusedError struct {
	is    error
	words string
}

func (e *refusedError) Error() string { return e.words }
func (e *refusedError) Unwrap() error { return e.is }
