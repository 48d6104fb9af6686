package query

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/courier"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// newCourier is the real one, of a server of its own.
func newCourier(t *testing.T) *courier.Courier {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	server, err := natsd.Start(ctx, natsd.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	b, err := bus.Connect(ctx, bus.Config{InProcess: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b.Courier()
}

// What a process that knows nothing of the rules can do to a projector: it gets
// an error for each, and the others their answers.
func TestTooManyQuestionsAreRefusedAndTheOthersAnswered(t *testing.T) {
	t.Parallel()
	const places = 16 // of a courier.Courier
	c := newCourier(t)
	w := newScribe(t)
	w.online(1, "alice@localhost", "phone", 0)
	w.serve(c)
	if err := last(c.Ask(t.Context(), verbSessions, []byte(strings.Repeat("x", 512<<10)))); err == nil || !strings.Contains(err.Error(), "not a question") {
		t.Fatalf("half a megabyte: %v", err)
	}
	var refused *courier.AnswerError
	var waiting sync.WaitGroup
	busy, told := make(chan struct{}), make(chan error, places+1)
	later := []byte(`{"after":{"Seq":4}}`)
	// Questions about a record that is still to come, one too many.
	for range places + 1 {
		waiting.Go(func() {
			err := last(c.Ask(t.Context(), verbSessions, later))
			if errors.As(err, &refused) && strings.Contains(err.Error(), "too many questions at once") {
				select {
				case busy <- struct{}{}:
				case <-t.Context().Done():
				}
				return
			}
			told <- err
		})
	}
	<-busy
	if _, err := (Client{Asker: c, Log: w.log}).Summary(t.Context(), 0); err != nil {
		t.Errorf("another kind of question meanwhile: %v", err)
	}
	w.table.Fold(&events.Stored{Seq: 4, Record: events.Record{JID: jid("bob@localhost"), Event: events.AccountCreated{}}})
	waiting.Wait()
	close(told)
	n := 0
	for err := range told {
		if n++; err != nil {
			t.Errorf("one that had a place: %v", err)
		}
	}
	if n != places {
		t.Errorf("%d were answered, want %d", n, places)
	}
	if err := last(c.Ask(t.Context(), verbSessions, later)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
