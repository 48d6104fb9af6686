package projector_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A program that says who comes and who goes, and knows at each moment who is
// there. In a program of its own the log is that of a running service: see package
// bus.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	log, table := bustest.NewLog(), projector.NewTable()
	alice, bob := events.StoredJID("alice@localhost"), events.StoredJID("bob@localhost")
	connect(ctx, log, alice, "hall") // before the program starts, so nobody is told of it

	p, err := projector.New(projector.Config{Log: log, Table: table, Observe: func(before, after *session.Account, _ *events.Stored) {
		switch was, is := len(before.Available()), len(after.Available()); {
		case was == 0 && is > 0:
			fmt.Println(after.JID(), "comes")
		case was > 0 && is == 0:
			fmt.Println(after.JID(), "goes")
		}
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	if err := p.CatchUp(ctx); err != nil {
		fmt.Println(err)
		return
	}
	connect(ctx, log, bob, "desk")
	at := connect(ctx, log, bob, "phone")
	if err := table.WaitFor(ctx, at); err != nil {
		fmt.Println(err)
	}
	for _, s := range table.Account(bob).Available() {
		fmt.Println(s.JID(), "is there")
	}
	table.WaitFor(ctx, kick(ctx, log, alice))
	cancel()
	fmt.Println(<-done)
	// Output:
	// bob@localhost comes
	// bob@localhost/phone is there
	// bob@localhost/desk is there
	// alice@localhost goes
	// <nil>
}

// Where does a message to bob go, if his desk has a higher priority than his phone?
func ExampleTable_Routes() {
	log, table, bob := bustest.NewLog(), projector.NewTable(), events.StoredJID("bob@localhost")
	connect(context.Background(), log, bob, "phone", "desk")
	for st, err := range events.Intact(log.Read(context.Background(), events.Range{})) {
		if err != nil {
			fmt.Println(err)
			return
		}
		table.Fold(st)
	}
	for _, s := range table.Routes(bob) {
		fmt.Println(s.JID(), s.Priority)
	}
	// Output: bob@localhost/desk 1
}

// connect writes what a connector does when clients of an account log in, each with
// a higher priority than the one before, and returns the position of the last event.
func connect(ctx context.Context, log events.Log, account events.JID, resources ...string) (at events.Position) {
	for priority, resource := range resources {
		id := events.NewSessionID(time.Now())
		do(ctx, log, account, session.Authenticate{Session: id, Mechanism: "SCRAM-SHA-256"})
		do(ctx, log, account, session.Bind{Session: id, Resource: resource})
		at = do(ctx, log, account, session.BecomeAvailable{Session: id, Priority: int8(priority), Stanza: "<presence/>"})
	}
	return at
}

func kick(ctx context.Context, log events.Log, account events.JID) events.Position {
	return do(ctx, log, account, session.Kick{})
}

func do(ctx context.Context, log events.Log, account events.JID, c session.Command) events.Position {
	svc, err := session.NewService(session.Config{
		Log: log, Accounts: session.NewHistories(log), Connector: events.Incarnation{Name: "c1", Epoch: 1},
	})
	if err != nil {
		panic(err)
	}
	_, at, err := svc.Do(ctx, account, events.ConnID{}, c)
	if err != nil {
		panic(err)
	}
	return at
}
