package presence_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
	"github.com/rollcall-xmpp/rollcall/session/presence"
)

// A connector shows a session of bob that his contact alice comes and goes. Whatever
// his client speaks, it is given stanzas; and alice may be at any connector, for the
// log tells.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	nats, table, stop := start(ctx)
	defer stop()
	alice, bob := events.StoredJID("alice@localhost"), events.StoredJID("bob@localhost")
	must((&accounts.Store{Rosters: nats.Rosters()}).Befriend(ctx, alice, bob))

	service, err := presence.New(presence.Config{
		Rosters: nats.Rosters(), Table: table,
		Served: func(domain string) bool { return domain == bob.Domain() },
		Exists: func(events.JID) (bool, error) { return true, nil },
	})
	must(err)
	fold, err := projector.New(projector.Config{Log: nats.Log(), Table: table, Observe: service.Observe})
	must(err)
	go fold.Run(ctx)
	go service.FollowRosters(ctx)
	must(fold.CatchUp(ctx))

	id := bind(ctx, nats.Log(), bob)
	release, err := service.Hold(ctx, bob)
	must(err)
	resource := presence.NewResource(service, id, events.StoredJID("bob@localhost/desk"), func(stanza []byte) bool {
		fmt.Printf("%s\n", stanza)
		return true
	})
	resource.Add(func() {})
	release()
	do(ctx, nats.Log(), bob, session.BecomeAvailable{Session: id, Stanza: "<presence/>"})

	do(ctx, nats.Log(), alice, session.BecomeAvailable{Session: bind(ctx, nats.Log(), alice), Stanza: "<presence/>"})
	at := do(ctx, nats.Log(), alice, session.Kick{})
	must(table.WaitFor(ctx, at)) // and the service was told by then
	resource.Remove()
	// Output:
	// <presence from='bob@localhost/desk' to='bob@localhost'/>
	// <presence from='alice@localhost/desk' to='bob@localhost'/>
	// <presence from='alice@localhost/desk' to='bob@localhost' type='unavailable'/>
}

// bind writes what a connector does when a client logs in, as desk.
func bind(ctx context.Context, log events.Log, account events.JID) events.SessionID {
	id := events.NewSessionID(time.Now())
	do(ctx, log, account, session.Authenticate{Session: id, Mechanism: "SCRAM-SHA-256"})
	do(ctx, log, account, session.Bind{Session: id, Resource: "desk"})
	return id
}

func do(ctx context.Context, log events.Log, account events.JID, c session.Command) events.Position {
	svc, err := session.NewService(session.Config{
		Log: log, Accounts: session.NewHistories(log), Connector: events.Incarnation{Name: "c1", Epoch: 1},
	})
	must(err)
	_, at, err := svc.Do(ctx, account, events.ConnID{}, c)
	must(err)
	return at
}

// start starts a NATS server of its own, and makes a table that shows nothing yet.
func start(ctx context.Context) (*bus.Bus, *projector.Table, func()) {
	dir, err := os.MkdirTemp("", "rollcall")
	must(err)
	server, err := natsd.Start(ctx, natsd.Options{DataDir: dir})
	must(err)
	nats, err := bus.Connect(ctx, bus.Config{InProcess: server})
	must(err)
	return nats, projector.NewTable(), func() {
		nats.Close()
		server.Shutdown()
		os.RemoveAll(dir)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
