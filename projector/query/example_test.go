package query_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session"
)

// An HTTP handler that answers who is online, by asking a running projector: this
// process has no table. Behind it are a NATS server and a projector, in place of a
// service that runs elsewhere.
func ExampleClient() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	nats, stop := serve(ctx)
	defer stop()

	running := query.Client{Asker: nats.Courier(), Log: nats.Log()}
	online := func(w http.ResponseWriter, r *http.Request) {
		jids := []events.JID{}
		for s, err := range running.Sessions(r.Context()) {
			if err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
				return
			}
			if s.Available {
				jids = append(jids, s.JID)
			}
		}
		json.NewEncoder(w).Encode(jids)
	}
	answer := httptest.NewRecorder()
	online(answer, httptest.NewRequestWithContext(ctx, "GET", "/online", nil))
	fmt.Println(answer.Code, answer.Body)
	// Output: 200 ["bob@localhost/desk"]
}

// The same in a process that has the table, as every connector does: nobody need be
// asked.
func ExampleSessions() {
	table := projector.NewTable()
	log := func(r events.Record) { table.Fold(&events.Stored{Record: r, Seq: table.Position().Seq + 1}) }
	id, bob := events.SessionID{1}, events.StoredJID("bob@localhost/desk")
	log(events.Record{Session: id, JID: bob.Bare(), Event: events.Authenticated{}})
	log(events.Record{Session: id, JID: bob, Event: events.Bound{}})

	for s := range query.Sessions(table) {
		fmt.Println(s.JID, s.State())
	}
	// Output: bob@localhost/desk connected
}

// serve starts a NATS server with a projector that answers, and a session of bob.
func serve(ctx context.Context) (*bus.Bus, func()) {
	dir, err := os.MkdirTemp("", "rollcall")
	must(err)
	server, err := natsd.Start(ctx, natsd.Options{DataDir: dir})
	must(err)
	nats, err := bus.Connect(ctx, bus.Config{InProcess: server})
	must(err)
	table := projector.NewTable()
	p, err := projector.New(projector.Config{Log: nats.Log(), Table: table})
	must(err)
	go p.Run(ctx)
	must(p.CatchUp(ctx))
	_, err = query.Answer(nats.Courier(), table, nil)
	must(err)

	svc, err := session.NewService(session.Config{
		Log: nats.Log(), Accounts: table, Connector: events.Incarnation{Name: "c1", Epoch: 1},
	})
	must(err)
	id := events.NewSessionID(time.Now())
	for _, c := range []session.Command{
		session.Authenticate{Session: id, Mechanism: "SCRAM-SHA-256"},
		session.Bind{Session: id, Resource: "desk"},
		session.BecomeAvailable{Session: id, Stanza: "<presence/>"},
	} {
		_, _, err := svc.Do(ctx, events.StoredJID("bob@localhost"), events.ConnID{}, c)
		must(err)
	}
	return nats, func() {
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
