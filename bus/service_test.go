package bus_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
)

func TestProcessesThatServeTellOfThemselves(t *testing.T) {
	t.Parallel()
	server := serve(t, natsd.Options{})
	b := connect(t, bus.Config{InProcess: server})
	list, err := b.Serving(within(t))
	must(t, err)
	if len(list) != 0 {
		t.Errorf("nobody serves, and %v does", list)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	for _, port := range []string{"1", "2"} {
		of := connect(t, bus.Config{InProcess: server})
		served := make(chan error)
		go func() { served <- of.Serve(ctx, "1.0.0", map[string]string{"http": "127.0.0.1:" + port}, nil) }()
		t.Cleanup(func() {
			stop()
			must(t, <-served)
		})
	}
	var told []string
	for !slices.Equal(told, []string{"127.0.0.1:1", "127.0.0.1:2"}) {
		list, err := b.Serving(within(t))
		must(t, err)
		told = nil
		for _, about := range list {
			told = append(told, about["http"])
		}
		slices.Sort(told)
	}
}

func TestAnEndpointThatPanicsCostsNoMoreThanItsAnswer(t *testing.T) {
	t.Parallel()
	server := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	told := make(chan error, 1)
	b := connect(t, bus.Config{InProcess: server, OnError: func(err error) { told <- err }})
	nc, _ := raw(t, server.URL(), server.Login())
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error)
	go func() {
		served <- b.Serve(ctx, "1.0.0", nil, []bus.Endpoint{{Name: "broken", Answer: func(context.Context, bus.Question) bus.Answer {
			panic("alice@example.org is not there")
		}}})
	}()
	t.Cleanup(func() {
		stop()
		must(t, <-served)
	})
	var answer *nats.Msg
	for err := nats.ErrNoResponders; errors.Is(err, nats.ErrNoResponders); {
		answer, err = nc.Request("rc.v1.api.broken", nil, patience)
	}
	if answer == nil || answer.Header.Get("Nats-Service-Error-Code") != "500" {
		t.Fatalf("it is answered %+v", answer)
	}
	if err := <-told; !strings.Contains(err.Error(), "broken") || strings.Contains(err.Error(), "alice@example.org is") {
		t.Errorf("the operator is told %v", err)
	}
}
