package session_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A program that holds no clients ends the sessions of an account, wherever they
// are, and is told what the log said before and says now. In a program of its own
// the log is that of a running service: see package bus.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	log, bob := bustest.NewLog(), events.StoredJID("bob@localhost")
	connect(log, bob, "phone", "desk")

	histories := session.NewHistories(log)
	svc, err := session.NewService(session.Config{
		Log: log, Accounts: histories, Connector: events.Incarnation{Name: "curfew"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	account, err := histories.Load(ctx, bob)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range account.Sessions() {
		fmt.Println(s.JID(), "is online")
	}
	account, at, err := svc.Do(ctx, bob, events.ConnID{}, session.Kick{Text: "go to bed"})
	fmt.Println(len(account.Sessions()), "are online after event", at.Seq, err)
	// Output:
	// bob@localhost/desk is online
	// bob@localhost/phone is online
	// 0 are online after event 8 <nil>
}

// A client that asks for the resource of another one replaces it, or is refused,
// as the connector's policy has it. Nothing is stored here.
func ExampleDecide() {
	log, bob := bustest.NewLog(), events.StoredJID("bob@localhost")
	connect(log, bob, "desk")
	account, err := session.NewHistories(log).Load(context.Background(), bob)
	if err != nil {
		fmt.Println(err)
		return
	}
	newer := events.SessionID{1}
	account = session.Apply(account, &events.Stored{Seq: account.Seq + 1, Record: events.Record{
		Session: newer, JID: bob, Event: events.Authenticated{Mechanism: "SCRAM-SHA-256"},
	}})
	for _, policy := range []session.Conflict{session.Replace, session.Refuse} {
		steps, err := session.Decide(account, session.Bind{Session: newer, Resource: "desk", Conflict: policy})
		for _, s := range steps {
			fmt.Printf("%s of %s: %+v\n", s.Event.Kind(), s.JID, s.Event)
		}
		if errors.Is(err, session.ErrConflict) {
			fmt.Println("refused:", err)
		}
	}
	// Output:
	// closed of bob@localhost/desk: {Reason:replaced Text: By: HeldBy:}
	// bound of bob@localhost/desk: {Requested:desk Role:}
	// refused: the full JID is in use
}

// connect writes what a connector does when clients of an account log in.
func connect(log events.Log, account events.JID, resources ...string) {
	svc, err := session.NewService(session.Config{
		Log: log, Accounts: session.NewHistories(log), Connector: events.Incarnation{Name: "c1", Epoch: 1},
	})
	if err != nil {
		panic(err)
	}
	for _, resource := range resources {
		id := events.NewSessionID(time.Now())
		for _, c := range []session.Command{
			session.Authenticate{Session: id, Mechanism: "SCRAM-SHA-256"},
			session.Bind{Session: id, Resource: resource},
			session.BecomeAvailable{Session: id, Stanza: "<presence/>"},
		} {
			if _, _, err := svc.Do(context.Background(), account, events.ConnID{}, c); err != nil {
				panic(err)
			}
		}
	}
}
