package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	servicePrefix = "rc.v1.api"
	serviceName   = "rollcall"
	// maxAsked is how many questions a process answers at a time.
	maxAsked = 64
	// MaxServiceAnswer is the size of an answer in bytes, at most.
	MaxServiceAnswer = 512 << 10

	// maxServing is of how many processes Serving tells.
	maxServing = 100
	// servingTime is how long Serving waits for one more.
	servingTime = 300 * time.Millisecond
)

// A Question is one that a program asks a service on NATS.
type Question struct {
	Authorization string // the header of that name
	Data          []byte
}

// An Answer is one, or why there is none.
type Answer struct {
	Status int    // as those of HTTP: 200, or what went wrong
	Failed string // in words; "" with 200
	Data   []byte
}

// An Endpoint answers questions at the subject rc.v1.api.NAME, from many goroutines.
type Endpoint struct {
	Name   string
	Means  string
	Answer func(context.Context, Question) Answer
}

// Serve answers as the NATS service rollcall (ADR-32) until ctx ends and what was asked by then
// is answered. Processes that serve the same share the questions. A failed answer has its status
// in the header Nats-Service-Error-Code. About is what the process tells of itself, as the
// service's metadata.
func (b *Bus) Serve(ctx context.Context, version string, about map[string]string, endpoints []Endpoint) error {
	var svc micro.Service
	s := service{ctx: ctx, turns: make(chan struct{}, maxAsked), failed: b.cfg.OnError}
	defer func() {
		if svc != nil {
			svc.Stop()
		}
		for range maxAsked { // nobody else gets a turn, and those who have one give it back
			s.turns <- struct{}{}
		}
	}()
	err := b.subscribing("", func() (err error) {
		svc, err = micro.AddService(b.nc, micro.Config{
			Name: serviceName, Version: version, Description: "Rollcall: sessions and their history", Metadata: about,
		})
		for i := 0; i < len(endpoints) && err == nil; i++ {
			err = s.add(svc, endpoints[i])
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("serve on NATS: %w", err)
	}
	select {
	case <-ctx.Done():
	case <-b.closed:
	}
	return nil
}

// add has questions of a kind answered.
func (s *service) add(svc micro.Service, e Endpoint) error {
	subject := servicePrefix + "." + e.Name
	err := svc.AddEndpoint(strings.ReplaceAll(e.Name, ".", "-"), s.handler(e), micro.WithEndpointSubject(subject),
		micro.WithEndpointMetadata(map[string]string{"description": e.Means}))
	if err != nil {
		return fmt.Errorf("%s: %w", subject, err)
	}
	return nil
}

// Serving is what the processes that serve tell of themselves, as far as they answer within
// some 300 ms one after the other. There may be none.
func (b *Bus) Serving(ctx context.Context) (list []map[string]string, err error) {
	answers := make(chan *nats.Msg, maxServing)
	sub, err := b.nc.ChanSubscribe(b.nc.NewInbox(), answers)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	defer sub.Unsubscribe()
	subject, err := micro.ControlSubject(micro.InfoVerb, serviceName, "")
	if err == nil {
		err = b.nc.PublishRequest(subject, sub.Subject, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	for len(list) < maxServing {
		select {
		case msg := <-answers:
			var info micro.Info
			if json.Unmarshal(msg.Data, &info) == nil && info.Name == serviceName { // not that nobody is there
				list = append(list, info.Metadata)
			}
		case <-time.After(servingTime):
			return list, nil
		case <-ctx.Done():
			return list, ctx.Err()
		}
	}
	return list, nil
}

// A service answers questions.
type service struct {
	ctx   context.Context
	turns chan struct{} // of those that are being answered

	failed func(error) // is told of bugs
}

func (s *service) handler(e Endpoint) micro.HandlerFunc {
	return func(r micro.Request) {
		select {
		case s.turns <- struct{}{}:
		default:
			r.Error("503", "too many questions are being answered; try again", nil)
			return
		}
		go func() { // ended by the time that Serve returns
			defer func() { <-s.turns }()
			reply(r, s.answer(e, Question{Authorization: r.Headers().Get("Authorization"), Data: r.Data()}))
		}()
	}
}

// answer asks an endpoint. One that panics costs its answer, not the process.
func (s *service) answer(e Endpoint, q Question) (a Answer) {
	defer func() {
		if cause := recover(); cause != nil {
			a = Answer{Status: 500, Failed: "a bug: the question ended in a panic, of which the service's log tells"}
			s.failed(fmt.Errorf("a bug: the answer of %s ended in a panic (%T)\n%s", e.Name, cause, debug.Stack()))
		}
	}()
	return e.Answer(s.ctx, q)
}

// reply answers. One who has asked and is gone needs no answer.
func reply(r micro.Request, a Answer) {
	if len(a.Data) > MaxServiceAnswer {
		a = Answer{Status: 413, Failed: "the answer has more than 512 KiB; ask for less at a time"}
	}
	if a.Failed != "" {
		r.Error(strconv.Itoa(a.Status), a.Failed, a.Data)
		return
	}
	r.Respond(a.Data)
}
