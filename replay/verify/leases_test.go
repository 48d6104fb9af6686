package verify

import (
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay"
)

func (w *world) of(e events.Event) { w.append(events.Record{JID: events.Connectors, Event: e}) }

func TestConnectorsAreCheckedAndAreNoAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.of(events.ConnectorStarted{})
	w.online(1, "alice@localhost")
	names := []events.Keyframe{w.keyframe()}
	w.of(events.ConnectorStopped{})
	names = append(names, w.keyframe())
	w.online(2, "bob@localhost")
	for _, since := range []replay.Moment{{}, {Seq: names[0].Seq}, {Seq: names[1].Seq}} {
		r := w.check(w, since)
		r.sound(t, since.String())
		if want := 2; r.Accounts != want {
			t.Errorf("since %s: %d accounts, want %d", since, r.Accounts, want)
		}
	}
	w.stranger(events.Connectors.String(), 1)
	if r := w.check(w, replay.Moment{Seq: names[1].Seq}); r.Mismatched != 1 || r.Foreign != 1 {
		t.Errorf("one that was not appended on top of the one before: %+v", r.Tally)
	}
}

func TestAKeyframeThatSaysSomethingElseOfLeasesIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.of(events.ConnectorStarted{})
	w.online(1, "alice@localhost")
	ignorant := projector.NewTable()
	for i := range w.stored[1:] {
		ignorant.Fold(&w.stored[1+i])
	}
	k := w.write(ignorant)
	w.online(2, "bob@localhost")
	r := w.check(w, replay.Moment{})
	if f, ok := first(r); r.Wrong != 1 || !ok || f.To != k.Seq || f.Text != unlike {
		t.Errorf("%+v, %v", r.Tally, r.Faults)
	}
}
