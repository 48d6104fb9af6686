package session_test

import (
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Whoever asks what the loss of a connector did finds it by that connector's name, though
// another one has written it.
func TestWhatALossEndsNamesTheConnectorThatWasLost(t *testing.T) {
	t.Parallel()
	lost := events.Incarnation{Name: "c1", Epoch: 1}
	for _, keep := range []bool{false, true} {
		a := heldBy(lost)
		steps, err := session.Decide(a, session.Fence{Lost: lost, Keep: keep, Now: 5})
		if err != nil || len(steps) != 2 {
			t.Fatal(steps, err)
		}
		for _, s := range steps {
			switch e := s.Event.(type) {
			case events.Closed:
				if e.Reason != events.ReasonConnectorLost || e.HeldBy != "c1" {
					t.Errorf("keep %t: it ends with %+v", keep, e)
				}
			case events.Detached:
				if !keep || e.Reason != events.ReasonConnectorLost || e.HeldBy != "c1" || e.Until == 0 {
					t.Errorf("keep %t: it waits with %+v", keep, e)
				}
			default:
				t.Errorf("keep %t: %+v", keep, e)
			}
		}
	}
}

// heldBy is an account with two sessions at a connector, one of which can be resumed.
func heldBy(at events.Incarnation) (a *session.Account) {
	jid := events.StoredJID("alice@localhost")
	seq := events.Seq(0)
	apply := func(id byte, to events.JID, e events.Event) {
		seq++
		st := events.Stored{Record: events.Record{Session: events.SessionID{15: id}, JID: to, Connector: at, Prev: seq - 1, Event: e}, Seq: seq, At: int64(seq)}
		a = session.Apply(a, &st)
	}
	for id, resource := range []string{"phone", "desk"} {
		apply(byte(id+1), jid, events.Authenticated{Mechanism: "PLAIN"})
		apply(byte(id+1), events.StoredJID("alice@localhost/"+resource), events.Bound{})
	}
	apply(1, events.StoredJID("alice@localhost/phone"), events.StreamManagementEnabled{Resumable: true, Max: 300, TokenHash: "x"})
	return a
}
