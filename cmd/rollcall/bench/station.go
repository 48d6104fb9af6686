package bench

import (
	"context"
	"os"
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
	config.URL, config.Credentials.Seed = s.url, s.srv.KeyFile()
	raw = append(raw, s.srv.Login())
	if s.bus, err = bus.Connect(ctx, config); err != nil {
		return s, err
	}
	if s.nc, err = nats.Connect(s.url, raw...); err != nil {
		return s, err
	}
	s.js, err = jetstream.New(s.nc)
	return s, err
}

// environ is that of a command that is to get into the server. One of a build of before has no
// use for it.
func (s *station) environ() []string { return append(os.Environ(), "ROLLCALL_NKEY="+s.srv.KeyFile()) }

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
