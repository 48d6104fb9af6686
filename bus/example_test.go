package bus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/courier"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A program that looks on: it knows the URL of the service's NATS, makes and changes
// nothing there, and lists the connectors that run and what happened last. The first
// half stands for that service.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "rollcall")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	server, err := natsd.Start(ctx, natsd.Options{DataDir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Shutdown()
	end := beginService(ctx, server)
	defer end()

	nats, err := bus.Connect(ctx, bus.Config{URL: server.URL(), Credentials: bus.Credentials{Seed: server.KeyFile()}, Name: "viewer", Existing: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer nats.Close()
	alive, err := nats.Leases().Alive(ctx)
	for _, l := range alive {
		fmt.Println(l.Name, "runs as", l.Instance, "for", l.TTL)
	}
	if err != nil {
		fmt.Println(err)
	}
	for st, err := range nats.Log().Read(ctx, events.Range{Since: time.Now().Add(-time.Hour)}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(st.Seq, st.JID, st.Event.Kind())
	}
	// Output:
	// c1 runs as disk 1 for 45s
	// 1 bob@localhost account_created
}

// Questions and answers between processes: the one that asks need not know who
// answers. Here both are one process.
func ExampleBus_Courier() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	nats, stop := start(ctx)
	defer stop()

	end, err := nats.Courier().Answer("weather", "forecasters", func(_ context.Context, place []byte, send func([]byte) error) error {
		return send(fmt.Appendf(nil, "rain in %s", place))
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, verb := range []string{"weather", "tides"} {
		for chunk, err := range nats.Courier().Ask(ctx, verb, []byte("Bergen")) {
			if errors.Is(err, courier.ErrNoAnswer) {
				fmt.Println("nobody knows of", verb)
				continue
			}
			fmt.Println(string(chunk), err)
		}
	}
	end()
	// Output:
	// rain in Bergen <nil>
	// nobody knows of tides
}

// start starts a server of its own.
func start(ctx context.Context) (*bus.Bus, func()) {
	dir, err := os.MkdirTemp("", "rollcall")
	if err != nil {
		panic(err)
	}
	server, err := natsd.Start(ctx, natsd.Options{DataDir: dir})
	if err != nil {
		panic(err)
	}
	nats, err := bus.Connect(ctx, bus.Config{InProcess: server})
	if err != nil {
		panic(err)
	}
	return nats, func() {
		nats.Close()
		server.Shutdown()
		os.RemoveAll(dir)
	}
}

// beginService makes the streams, and has a connector begin.
func beginService(ctx context.Context, server *natsd.Server) (end func()) {
	nats, err := bus.Connect(ctx, bus.Config{InProcess: server})
	if err != nil {
		panic(err)
	}
	lease, err := nats.Leases().Acquire(ctx, bus.LeaseRequest{Name: "c1", Instance: "disk 1"})
	if err != nil {
		panic(err)
	}
	_, err = nats.Log().Append(ctx, &events.Record{
		ID: events.NewEventID(time.Now()), JID: events.StoredJID("bob@localhost"), Connector: lease.Incarnation(), Event: events.AccountCreated{},
	})
	if err != nil {
		panic(err)
	}
	return func() {
		lease.Release(ctx)
		nats.Close()
	}
}
