package bus_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
)

// outage kills the server, and starts it again when do has begun to wait.
func outage(t *testing.T, server *bustest.Server, do func()) {
	t.Helper()
	server.Kill()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
		t.Error("nobody waits for the server")
	case <-time.After(500 * time.Millisecond):
	}
	server.Start()
	<-done
}

func TestDocumentsAndWaitingMessagesOutwaitAnOutage(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	rev, err := b.Rosters().Put(within(t), alice, []byte("old"), 0)
	must(t, err)
	outage(t, server, func() {
		if _, err := b.Rosters().Put(within(t), alice, []byte("new"), rev); err != nil {
			t.Errorf("put: %v", err)
		}
	})
	outage(t, server, func() {
		if doc, err := b.Rosters().Get(within(t), alice); err != nil || string(doc.Data) != "new" {
			t.Errorf("get: %q, %v", doc.Data, err)
		}
	})
	outage(t, server, func() {
		if err := b.Waiting().Store(within(t), alice, []byte("hi")); err != nil {
			t.Errorf("store: %v", err)
		}
	})
	if got := take(t, b.Waiting(), alice, 10); !slices.Equal(got, []string{"hi"}) {
		t.Errorf("stored: %q", got)
	}
}

// A message that was handed over and could not be removed is not handed over
// again.
func TestAMessageThatCanNotBeRemovedIsTakenOnce(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	w := connect(t, bus.Config{URL: server.URL}).Waiting()
	keep(t, w, alice, 3)
	var got []string
	for m, err := range w.Take(within(t), alice) {
		if err != nil {
			break
		}
		got = append(got, string(m.Data))
		server.Kill()
	}
	server.Start()
	for end := time.Now().Add(patience); len(got) < 3 && time.Now().Before(end); {
		for m, err := range w.Take(within(t), alice) {
			if errors.Is(err, bus.ErrTaken) || errors.Is(err, events.ErrUnavailable) {
				break // by the first loop, whose claim ends by itself
			}
			must(t, err)
			got = append(got, string(m.Data))
		}
	}
	if len(got) != 3 || got[0] == got[1] {
		t.Errorf("taken: %q", got)
	}
}
