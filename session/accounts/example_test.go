package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// An administration of one's own, such as a page where people sign up. It changes
// documents and the log, and needs no connector.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	nats, stop := start(ctx)
	defer stop()

	store := &accounts.Store{
		Keys: nats.Accounts(), Rosters: nats.Rosters(), Blocked: nats.Blocked(), Private: nats.Private(), Waiting: nats.Waiting(),
		Names: names.New(nats.Names(), nats.Log()),
	}
	admin, err := accounts.NewAdmin(nats.Log(), store, "signup")
	if err != nil {
		fmt.Println(err)
		return
	}
	bob := events.StoredJID("bob@localhost")
	for range 2 {
		err := admin.Create(ctx, "the sign-up page", bob, "correct horse battery staple")
		if errors.Is(err, accounts.ErrExists) {
			fmt.Println(bob, "is taken")
			continue
		}
		fmt.Println(bob, "is made:", err)
	}
	all, err := store.List(ctx)
	for _, a := range all {
		fmt.Println(a.JID, "can log in:", !a.Credentials.Disabled, err)
	}
	// Output:
	// bob@localhost is made: <nil>
	// bob@localhost is taken
	// bob@localhost can log in: true <nil>
}

// start starts a NATS server of its own with the buckets of an installation.
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
