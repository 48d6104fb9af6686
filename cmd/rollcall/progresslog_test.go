package main

import (
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
)

// How much there is to read is told of the part that is read, not of the whole
// log.
func TestProgressIsOfWhatIsRead(t *testing.T) {
	t.Parallel()
	log := events.Info{First: 101, Last: 1000}
	for _, c := range []struct {
		info events.Info
		r    events.Range
		want int
	}{
		{log, events.Range{}, 900}, {log, events.Range{After: 990}, 10}, {log, events.Range{After: 990, To: 995}, 5},
		{log, events.Range{To: 5000}, 900}, {log, events.Range{After: 1000}, 0}, {events.Info{}, events.Range{}, 0},
	} {
		if got := records(c.info, c.r); got != c.want {
			t.Errorf("%+v of %+v: %d, want %d", c.r, c.info, got, c.want)
		}
	}
}

// A range that ends with a time is told to its own end.
func TestProgressKnowsWhereATimeIs(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	account := events.StoredJID("alice@localhost")
	for prev := range events.Seq(3) {
		_, err := log.Append(t.Context(), &events.Record{ID: events.NewEventID(time.Now()), JID: account, Prev: prev, Event: events.PasswordChanged{}})
		if err != nil {
			t.Fatal(err)
		}
	}
	second, err := log.Next(t.Context(), account, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := progressLog{Log: log}
	for until, want := range map[time.Time]events.Seq{{}: 3, second.StoredAt(): 1, time.Now().Add(time.Hour): 3} {
		if got, err := w.before(t.Context(), until, 3); err != nil || got != want {
			t.Errorf("before %s: %d %v, want %d", until, got, err, want)
		}
	}
}
