package replay_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Who was online then? Any moment is given by its time, or, as here, by the place
// of a record in the log.
func ExampleAt() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	log, bob := bustest.NewLog(), events.StoredJID("bob@localhost")
	then := login(ctx, log, bob)
	do(ctx, log, bob, session.Kick{})

	for _, m := range []replay.Moment{{Seq: then.Seq}, {}} {
		past, err := replay.At(ctx, replay.Archive{Log: log}, m)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m, "has", past.Stats().Sessions, "sessions")
	}
	// Output:
	// sequence 2 has 1 sessions
	// now has 0 sessions
}

// What is different since then? Bob's session of before is gone, with the reason
// that the log has, and Carol's is new.
func ExampleDiff() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	log, bob := bustest.NewLog(), events.StoredJID("bob@localhost")
	then := login(ctx, log, bob)
	do(ctx, log, bob, session.Kick{})
	login(ctx, log, events.StoredJID("carol@localhost"))

	for c, err := range replay.Diff(ctx, replay.Archive{Log: log}, events.JID{}, replay.Moment{Seq: then.Seq}, replay.Moment{}) {
		switch {
		case err != nil:
			fmt.Println(err)
		case c.After == nil:
			fmt.Println(c.Before.JID(), "is gone:", c.Reason)
		case c.Before == nil:
			fmt.Println(c.After.JID(), "is new")
		default:
			fmt.Println(c.After.JID(), "has another", c.Differences())
		}
	}
	// Output:
	// bob@localhost/desk is gone: kicked
	// carol@localhost/desk is new
}

// An observer of the log: it is told what happens to an account from its beginning
// on, and then as it happens.
func ExampleTail() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	log, bob := bustest.NewLog(), events.StoredJID("bob@localhost")
	login(ctx, log, bob)
	login(ctx, log, events.StoredJID("alice@localhost"))

	for st, err := range replay.Tail(ctx, log, bob, 0) {
		if err != nil {
			fmt.Println(err) // an interruption, after which it goes on, or the end
			continue
		}
		fmt.Println(st.Seq, st.JID, st.Event.Kind())
		switch st.Event.(type) {
		case events.Bound:
			do(ctx, log, bob, session.Kick{})
		case events.Closed:
			return // a program would go on
		}
	}
	// Output:
	// 1 bob@localhost authenticated
	// 2 bob@localhost/desk bound
	// 5 bob@localhost/desk closed
}

// login writes what a connector does when a client logs in, and returns the
// position of the last event.
func login(ctx context.Context, log events.Log, account events.JID) events.Position {
	id := events.NewSessionID(time.Now())
	do(ctx, log, account, session.Authenticate{Session: id, Mechanism: "SCRAM-SHA-256"})
	return do(ctx, log, account, session.Bind{Session: id, Resource: "desk"})
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
