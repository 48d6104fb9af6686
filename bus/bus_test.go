package bus_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// patience bounds every wait of these tests.
const patience = 30 * time.Second

var (
	alice = events.StoredJID("alice@example.org")
	bob   = events.StoredJID("bob@example.org")
)

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// serve starts an embedded server.
func serve(t testing.TB, o natsd.Options) *natsd.Server {
	t.Helper()
	if o.DataDir == "" {
		o.DataDir = t.TempDir()
	}
	s, err := natsd.Start(within(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

func connect(t testing.TB, c bus.Config) *bus.Bus {
	t.Helper()
	b, err := bus.Connect(within(t), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// embedded is a bus of its own server.
func embedded(t testing.TB) *bus.Bus {
	t.Helper()
	return connect(t, bus.Config{InProcess: serve(t, natsd.Options{})})
}

// keyOf is what another process that may has of an embedded server.
func keyOf(s *natsd.Server) bus.Credentials { return bus.Credentials{Seed: s.KeyFile()} }

// raw is what somebody with other tools has.
func raw(t testing.TB, url string, opts ...nats.Option) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return nc, js
}

// subject is where the log has the records of an account at example.org.
func subject(account events.JID) string {
	user := "example_2eorg." + account.Local()
	partition := fnv.New32a()
	partition.Write([]byte(user))
	return fmt.Sprintf("rc.v1.ev.%02x.%s", byte(partition.Sum32()), user)
}

func record(jid events.JID, prev events.Seq, text string) *events.Record {
	return &events.Record{
		ID: events.NewEventID(time.Now()), JID: jid, Time: time.Now().UnixNano(), Prev: prev,
		Connector: events.Incarnation{Name: "c1", Epoch: 7},
		Event:     events.Closed{Reason: events.ReasonClient, Text: text},
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEmbeddedLogKeepsTheContract(t *testing.T) {
	t.Parallel()
	bustest.TestLog(t, func(t *testing.T) events.Log { return embedded(t).Log() })
}

func TestLogOfAServerProcessKeepsTheContract(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	bustest.TestLogInTurn(t, func(t *testing.T) events.Log { return fresh(t, server.URL, server) })
}

// fresh removes the log that was there before.
func fresh(t *testing.T, url string, servers ...*bustest.Server) events.Log {
	t.Helper()
	for _, s := range servers {
		s.AwaitRemoval("RC_EV")
	}
	_, js := raw(t, url)
	if err := js.DeleteStream(within(t), "RC_EV"); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Fatal(err)
	}
	return connect(t, bus.Config{URL: url}).Log()
}

func TestAConnectionSeesWhatAnotherWrites(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	here := connect(t, bus.Config{InProcess: s})
	there := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	n := events.Seq(0)
	for s, err := range there.Log().Follow(appending(t, here.Log(), 10), 0) {
		must(t, err)
		if n++; s.Seq != n {
			t.Fatalf("record %d after %d", s.Seq, n-1)
		}
		if n == 10 {
			return
		}
	}
}

// appending appends records to alice's history in the background, and ends
// with the test.
func appending(t *testing.T, l events.Log, n int) context.Context {
	ctx := within(t)
	done := make(chan error, 1)
	t.Cleanup(func() { must(t, <-done) })
	go func() {
		for i := range n {
			if _, err := l.Append(context.WithoutCancel(ctx), record(alice, events.Seq(i), fmt.Sprint(i))); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	return ctx
}

func TestNothingIsStoredOrAskedWithoutAConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	states := make(chan bool, 10)
	b := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s), OnState: func(up bool) { states <- up }})
	s.Shutdown()
	if up := <-states; up {
		t.Error("the bus takes itself for connected")
	}
	if _, err := b.Log().Append(within(t), record(alice, 0, "")); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("append: %v", err)
	}
	if _, err := b.Rosters().Put(within(t), alice, nil, 0); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("put: %v", err)
	}
	for _, err := range b.Courier().Ask(within(t), "anything", nil) {
		if !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("ask: %v", err)
		}
	}
}
