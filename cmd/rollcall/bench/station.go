package bench

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
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

// open starts the server. The connections are within this process if it does not
// listen.
func open(ctx context.Context, o natsd.Options) (s *station, err error) {
	s = &station{}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.srv, err = natsd.Start(ctx, o); err != nil {
		return s, err
	}
	config, raw := bus.Config{Name: "bench", AttemptTimeout: time.Minute}, []nats.Option(nil)
	if s.url = s.srv.URL(); s.url == "" {
		config.InProcess, raw = s.srv, append(raw, nats.InProcessServer(s.srv))
	}
	config.URL = s.url
	if s.bus, err = bus.Connect(ctx, config); err != nil {
		return s, err
	}
	if s.nc, err = nats.Connect(s.url, raw...); err != nil {
		return s, err
	}
	s.js, err = jetstream.New(s.nc)
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
