package ask

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// The sessions that an account held at a moment, and the connectors that were lost, are the
// same by the table and by the account's own records.
func TestAnAccountHoldsWhatTheTableOfTheMomentSays(t *testing.T) {
	t.Parallel()
	log, prev := bustest.NewLog(), map[events.JID]events.Seq{}
	alice := events.StoredJID("alice@localhost")
	c1, c2 := events.Incarnation{Name: "c1", Epoch: 1}, events.Incarnation{Name: "c2", Epoch: 1}
	var last events.Seq
	write := func(r events.Record) {
		r.ID, r.Prev = events.NewEventID(time.Now()), prev[r.JID.Bare()]
		p, err := log.Append(t.Context(), &r)
		if err != nil {
			t.Fatal(err)
		}
		prev[r.JID.Bare()], last = p.Seq, p.Seq
	}
	first, second := events.SessionID{1}, events.SessionID{2}
	for _, r := range []events.Record{
		{JID: events.Connectors, Connector: c1, Event: events.ConnectorStarted{}},
		{JID: alice, Event: events.AccountCreated{}},
		{JID: alice, Session: first, Connector: c1, Event: events.Authenticated{}},
		{JID: events.StoredJID("alice@localhost/phone"), Session: first, Connector: c1, Event: events.Bound{}},
		{JID: events.StoredJID("bob@localhost"), Session: events.SessionID{3}, Connector: c2, Event: events.Authenticated{}},
		{JID: alice, Session: second, Connector: c2, Event: events.Authenticated{}},
		{JID: events.Connectors, Connector: c2, Event: events.ConnectorLost{Lost: c1}},
		{JID: alice, Session: first, Connector: c2, Event: events.Closed{Reason: events.ReasonConnectorLost}},
		{JID: alice, Session: second, Connector: c2, Event: events.Closed{Reason: events.ReasonClient}},
	} {
		write(r)
	}
	words := func(s *Source, m replay.Moment) string {
		a, lost, err := s.holds(t.Context(), alice, m)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, one := range a.Sessions() {
			text += fmt.Sprint(one.ID, one.JID(), one.Connector(), lost(one.Connector()), " ")
		}
		return text
	}
	plain, kept := &Source{Archive: replay.Archive{Log: log}}, &Source{Archive: replay.Archive{Log: log, Memory: &replay.Memory{}}}
	lost := false
	for seq := last; seq > 0; seq-- {
		got, want := words(kept, replay.Moment{Seq: seq}), words(plain, replay.Moment{Seq: seq})
		if lost = lost || len(want) > 0 && seq == 7; got != want {
			t.Errorf("after %d alice holds %q, want %q", seq, got, want)
		}
	}
	if !lost {
		t.Error("nothing was held of a connector that was lost")
	}
}
