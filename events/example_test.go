package events_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A projector of one's own: it follows the log and counts the logins by their
// security. It could keep what it counts with the sequence up to which it did, and
// go on after that.
func ExampleLog() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	log, last := logins(ctx, "TLS 1.3", "TLS 1.2", "TLS 1.3", "")

	logins, after := map[string]int{}, events.Seq(0)
	for st, err := range events.Intact(log.Follow(ctx, after)) {
		if err != nil {
			fmt.Println(err) // an interruption, after which it goes on, or the end
			continue
		}
		if e, ok := st.Event.(events.Authenticated); ok {
			logins[e.TLS]++
		}
		if after = st.Seq; after == last {
			break // a program would go on
		}
	}
	fmt.Println(logins, "up to", after)
	// Output: map[:1 TLS 1.2:1 TLS 1.3:2] up to 4
}

// A document is changed by a function of its old content. The function may be
// called again, if somebody else has changed the document meanwhile.
func ExampleUpdate() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	nats, stop := start(ctx)
	defer stop()
	count := func(doc events.Document) ([]byte, error) {
		n, _ := strconv.Atoi(string(doc.Data))
		return []byte(strconv.Itoa(n + 1)), nil
	}
	for range 3 {
		doc, err := events.Update(ctx, nats.Private(), events.StoredJID("bob@localhost"), count)
		fmt.Println(string(doc.Data), err)
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 3 <nil>
}

// A follower is told of all documents that there are, and of every change.
func ExampleFollow() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	nats, stop := start(ctx)
	defer stop()
	alice, bob := events.StoredJID("alice@localhost"), events.StoredJID("bob@localhost")
	docs := nats.Private()
	docs.Put(ctx, alice, []byte("there before"), 0)

	err := events.Follow(ctx, docs, events.Follower{
		Begin: func(uint64) (after uint64) { return 0 },
		Changed: func(doc events.Document) {
			fmt.Printf("%s: %s\n", doc.JID, doc.Data)
			if doc.JID == bob {
				cancel()
				return
			}
			docs.Put(ctx, bob, []byte("new"), 0)
		},
	})
	fmt.Println(err)
	// Output:
	// alice@localhost: there before
	// bob@localhost: new
	// context canceled
}

// logins is a log of a session an account, each secured in one of those ways, and
// the place of its last record.
func logins(ctx context.Context, secured ...string) (events.Log, events.Seq) {
	log, last := bustest.NewLog(), events.Position{}
	for i, tls := range secured {
		now, account := time.Now(), events.StoredJID(fmt.Sprintf("user%d@localhost", i))
		var err error
		last, err = log.Append(ctx, &events.Record{
			ID: events.NewEventID(now), Session: events.NewSessionID(now), JID: account, Time: now.UnixNano(),
			Connector: events.Incarnation{Name: "c1", Epoch: 1},
			Prev:      0, // the account has no record yet
			Event:     events.Authenticated{Mechanism: "SCRAM-SHA-256", TLS: tls},
		})
		if err != nil {
			panic(err)
		}
	}
	return log, last.Seq
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
