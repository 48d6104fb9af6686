package session_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestHistoriesAreAsGoodAsATableToDecideOn(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	known := session.NewHistories(log)
	svc := newService(t, session.Config{Log: log, Accounts: known, Connector: events.Incarnation{Name: "admin"}})
	for round := range 3 {
		connect(log, alice, "phone", "desk") // by another process, which the histories are not told of
		a, _, err := svc.Do(t.Context(), alice, events.ConnID{}, session.Kick{})
		if err != nil || len(a.Sessions()) != 0 {
			t.Fatalf("round %d: %d sessions, %v", round, len(a.Sessions()), err)
		}
		if round == 1 {
			known.Forget(alice)
		}
	}
	last, err := log.Last(t.Context(), alice)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := known.Load(t.Context(), alice); err != nil || a.Seq != last.Seq {
		t.Errorf("they know %+v, %v; the account's newest event is %d", a, err, last.Seq)
	}
}

func TestHistoriesOfNobodyAreNil(t *testing.T) {
	t.Parallel()
	known := session.NewHistories(bustest.NewLog())
	if a, err := known.Load(t.Context(), alice); a != nil || err != nil {
		t.Errorf("%+v, %v", a, err)
	}
	if err := known.WaitFor(t.Context(), events.Position{Stream: bustest.Stream, Seq: 1}); !errors.Is(err, events.ErrNotFound) {
		t.Errorf("a record that is not there: %v", err)
	}
}

// A stoppedLog is read by somebody who no longer wants to: a reading then ends
// without an error.
type stoppedLog struct{ events.Log }

func (stoppedLog) Read(context.Context, events.Range) iter.Seq2[*events.Stored, error] {
	return func(func(*events.Stored, error) bool) {}
}

// A history that was cut short must not look like a whole one.
func TestAHistoryThatCannotBeReadToItsEndIsAnError(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	connect(log, alice, "phone")
	known := session.NewHistories(log)
	log.Partition(true)
	if a, err := known.Load(t.Context(), alice); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("it is %+v, %v", a, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a, err := session.NewHistories(stoppedLog{log}).Load(ctx, alice); !errors.Is(err, context.Canceled) {
		t.Errorf("it is %+v, %v", a, err)
	}
}
