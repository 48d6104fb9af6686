package delivery_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
)

// Where does a stanza to bob go, and why? His desk has a higher priority than his
// phone, which wants copies of messages. In a program of its own the account is that
// of a projector's table.
func ExampleDecide() {
	bob, watch := events.StoredJID("bob@localhost"), events.StoredJID("bob@localhost/watch")
	desk, phone := events.NewSessionID(time.Now()), events.NewSessionID(time.Now())
	account := after(bob,
		session.Authenticate{Session: desk}, session.Bind{Session: desk, Resource: "desk"},
		session.BecomeAvailable{Session: desk, Priority: 5},
		session.Authenticate{Session: phone}, session.Bind{Session: phone, Resource: "phone"},
		session.BecomeAvailable{Session: phone}, session.SwitchCarbons{Session: phone, On: true},
	)
	for _, c := range []delivery.Case{
		{To: bob, Kind: delivery.Chat, Account: account},
		{To: bob, Kind: delivery.Chat}, // while he is away
		{To: watch, Kind: delivery.Normal, Account: account},
	} {
		v := delivery.Decide(c)
		fmt.Printf("%s to %s: %s: %s\n", c.Kind, c.To, v.Action, v.Reason)
		for _, s := range v.Targets {
			fmt.Println("  to", s.JID())
		}
		for _, s := range v.Carbons {
			fmt.Println("  copied to", s.JID())
		}
	}
	// Output:
	// chat to bob@localhost: deliver: the available resources tied at the highest priority (8.5.2.1.1)
	//   to bob@localhost/desk
	//   copied to bob@localhost/phone
	// chat to bob@localhost: store: no resource that would get it is available (8.5.2.2)
	// normal to bob@localhost/watch: refuse: no session has this JID (8.5.3.2)
}

// after returns the account after commands.
func after(account events.JID, commands ...session.Command) (a *session.Account) {
	log := bustest.NewLog()
	svc, err := session.NewService(session.Config{
		Log: log, Accounts: session.NewHistories(log), Connector: events.Incarnation{Name: "c1", Epoch: 1},
	})
	for _, c := range commands {
		if err == nil {
			a, _, err = svc.Do(context.Background(), account, events.ConnID{}, c)
		}
	}
	if err != nil {
		panic(err)
	}
	return a
}
