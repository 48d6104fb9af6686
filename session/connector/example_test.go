package connector_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session/connector"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Two connectors of one session each, on a NATS server of their own: alice, who says
// something as soon as she is online, and a bot that answers her (see bot_test.go).
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	dir, _ := os.MkdirTemp("", "rollcall")
	defer os.RemoveAll(dir)
	server, err := natsd.Start(ctx, natsd.Options{DataDir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Shutdown()

	g, ctx := errgroup.WithContext(ctx)
	shout := newBot("bot", func(_ events.JID, text string) string { return strings.ToUpper(text) })
	alice := newBot("alice", func(from events.JID, text string) string {
		fmt.Printf("%s says: %s\n", from.Local(), text)
		cancel()
		return ""
	})
	online := make(chan struct{})
	g.Go(func() error { return shout.run(ctx, server, func() { close(online) }) })
	g.Go(func() error {
		<-online
		return alice.run(ctx, server, func() {
			hello, _ := stanza.NewMessage("chat", "hello")
			alice.sender.Load().Send(hello, shout.account)
		})
	})
	if err := g.Wait(); err != nil {
		fmt.Println(err)
	}
	// Output: bot says: HELLO
}

func newBot(name string, answer func(from events.JID, text string) string) *bot {
	return &bot{account: events.StoredJID(name + "@localhost"), answer: answer, inbox: make(chan *stanza.Element, 100)}
}

// run is all that a process with a connector needs: the bus, the table that follows
// the log, and a life for the connector.
func (b *bot) run(ctx context.Context, server *natsd.Server, ready func()) (err error) {
	nats, err := bus.Connect(ctx, bus.Config{InProcess: server})
	if err != nil {
		return err
	}
	defer nats.Close()
	table := projector.NewTable()
	b.Router, err = delivery.New(delivery.Config{
		Domains: []string{b.account.Domain()}, Table: table, Courier: nats.Courier(), Offline: nats.Waiting(), Local: &b.held,
		Policy: delivery.Policy{Exists: func(context.Context, events.JID) (bool, error) { return true, nil }},
	})
	if err != nil {
		return err
	}
	p, err := projector.New(projector.Config{Log: nats.Log(), Table: table})
	if err != nil {
		return err
	}
	var g errgroup.Group
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error { p.Run(following); return nil })
	g.Go(func() error {
		defer stop()
		return connector.Run(ctx, connector.Config{
			Acquire: func(ctx context.Context) (connector.Lease, error) {
				return nats.Leases().Acquire(ctx, bus.LeaseRequest{Name: b.account.Local(), Instance: b.account.Local()})
			},
			Leases: nats.Leases(), Table: table, Log: nats.Log(), Courier: nats.Courier(), Server: b,
			Beside: b.converse, Ready: ready,
		})
	})
	return g.Wait()
}
