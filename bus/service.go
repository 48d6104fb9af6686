package bus

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/micro"
)

const (
	servicePrefix = "rc.v1.api"
	// maxAsked is how many questions a process answers at a time.
	maxAsked = 64
	// MaxServiceAnswer is the size of an answer in bytes, at most.
	MaxServiceAnswer = 512 << 10
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
// in the header Nats-Service-Error-Code.
func (b *Bus) Serve(ctx context.Context, version string, endpoints []Endpoint) error {
	svc, err := micro.AddService(b.nc, micro.Config{
		Name: "rollcall", Version: version, Description: "Rollcall: sessions and their history",
	})
	if err != nil {
		return fmt.Errorf("serve on NATS: %w", err)
	}
	s := service{ctx: ctx, turns: make(chan struct{}, maxAsked)}
	defer func() {
		svc.Stop()
		for range maxAsked { // nobody else gets a turn, and those who have one give it back
			s.turns <- struct{}{}
		}
	}()
	for _, e := range endpoints {
		subject := servicePrefix + "." + e.Name
		err := svc.AddEndpoint(strings.ReplaceAll(e.Name, ".", "-"), s.handler(e), micro.WithEndpointSubject(subject),
			micro.WithEndpointMetadata(map[string]string{"description": e.Means}))
		if err != nil {
			return fmt.Errorf("serve on NATS: %s: %w", subject, err)
		}
	}
	if err := b.subscribed(""); err != nil {
		return fmt.Errorf("serve on NATS: %w", err)
	}
	select {
	case <-ctx.Done():
	case <-b.closed:
	}
	return nil
}

// A service answers questions.
type service struct {
	ctx   context.Context
	turns chan struct{} // of those that are being answered
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
			reply(r, e.Answer(s.ctx, Question{Authorization: r.Headers().Get("Authorization"), Data: r.Data()}))
		}()
	}
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
