package bench

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rollcall/bus"
	"rollcall/bus/natsd"
)

// A station is a server of the benchmark's own with two connections: one as Rollcall
// has it, and one as anybody would.
type station struct {
	srv *natsd.Server
	url string
	bus *bus.Bus
	nc  *nats.Conn
	js  jetstream.JetStream
}

// open starts the server. Raw publishers may have as many messages on their way as
// there are writers.
func open(ctx context.Context, o natsd.Options, writers int) (s *station, err error) {
	s = &station{}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.srv, err = natsd.Start(ctx, o); err != nil {
		return s, err
	}
	s.url = s.srv.URL()
	if s.bus, err = bus.Connect(ctx, bus.Config{URL: s.url, Name: "bench"}); err != nil {
		return s, err
	}
	if s.nc, err = nats.Connect(s.url); err != nil {
		return s, err
	}
	s.js, err = jetstream.New(s.nc, jetstream.WithPublishAsyncMaxPending(writers), jetstream.WithPublishAsyncTimeout(time.Minute))
	return s, err
}

func (s *station) close() {
	if s.bus != nil {
		s.bus.Close()
	}
	if s.nc != nil {
		s.nc.Close()
	}
	if s.srv != nil {
		s.srv.Shutdown()
	}
}
