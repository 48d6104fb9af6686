package ask

import (
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// Whether there was an account is what its history said last, at every moment.
func TestAnAccountExistedFromItsCreationToItsRemoval(t *testing.T) {
	t.Parallel()
	log, alice, bob := bustest.NewLog(), events.StoredJID("alice@localhost"), events.StoredJID("bob@localhost")
	prev := map[events.JID]events.Seq{}
	for _, r := range []events.Record{
		{JID: bob, Event: events.AccountCreated{}}, {JID: alice, Event: events.AccountCreated{}},
		{JID: alice, Event: events.PasswordChanged{}}, {JID: bob, Event: events.PasswordChanged{}},
		{JID: alice, Event: events.AccountRemoved{}}, {JID: bob, Event: events.PasswordChanged{}},
		{JID: alice, Event: events.AccountCreated{}},
	} {
		r.ID, r.Prev = events.NewEventID(time.Now()), prev[r.JID]
		p, err := log.Append(t.Context(), &r)
		if err != nil {
			t.Fatal(err)
		}
		prev[r.JID] = p.Seq
	}
	source := Source{Archive: replay.Archive{Log: log}}
	for seq, want := range map[events.Seq]bool{1: false, 2: true, 3: true, 4: true, 5: false, 6: false, 7: true} {
		if got, err := source.existed(t.Context(), alice, replay.Moment{Seq: seq}); err != nil || got != want {
			t.Errorf("after record %d: %v, %v", seq, got, err)
		}
	}
	if got, err := source.existed(t.Context(), events.StoredJID("carol@localhost"), replay.Moment{Seq: 7}); err != nil || got {
		t.Errorf("somebody else: %v, %v", got, err)
	}
	if got, err := source.existed(t.Context(), alice, replay.Moment{Time: time.Now()}); err != nil || !got {
		t.Errorf("at an instant: %v, %v", got, err)
	}
}
