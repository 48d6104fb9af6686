package replay

import (
	"errors"
	"testing"

	"rollcall/events"
)

// of writes what happens to a connector. There is one writer, holder.
func (w *world) of(e events.Event) {
	w.t.Helper()
	w.append(events.Record{JID: events.Connectors, Event: e})
}

func TestThePastKnowsWhichLeasesWereHeld(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone") // 1 to 3, of a log that knew nothing of leases
		w.of(events.ConnectorStarted{})         // 4
		w.of(events.ConnectorLost{Lost: holder})
		w.refresh("alice@localhost") // 6
		full := jid("alice@localhost/phone")
		for _, c := range []struct {
			moment      Moment
			held, ended bool
		}{
			{Moment{Seq: 3}, false, false},
			{Moment{Seq: 4}, true, false},
			{Moment{Time: w.at(5).Add(-1)}, true, false},
			{Moment{Time: w.at(5)}, false, true},
			{Moment{Seq: 5}, false, true},
			{Moment{}, false, true},
		} {
			leases, err := LeasesAt(t.Context(), w, c.moment)
			if err != nil || leases.Holds(holder) != c.held || leases.HasEnded(holder) != c.ended {
				t.Errorf("%s: %+v, %v", c.moment, leases, err)
			}
			past, err := At(t.Context(), Archive{Log: w}, c.moment)
			if err != nil {
				t.Fatal(err)
			}
			if past.Leases().Holds(holder) != c.held || past.IsLost(holder) != c.ended || (past.Session(full) == nil) != c.ended {
				t.Errorf("%s: of the table's connector %+v, lost: %t", c.moment, past.Leases(), past.IsLost(holder))
			}
			if len(past.Account(full).Sessions) != 1 {
				t.Errorf("%s: the session is not there until it is closed", c.moment)
			}
		}
		for m, want := range map[Moment]error{{Seq: 99}: ErrFuture, {Seq: 1}: nil} {
			if _, err := LeasesAt(t.Context(), w, m); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", m, err, want)
			}
		}
		if _, err := LeasesAt(t.Context(), agedLog{w, 3}, Moment{Seq: 1}); !errors.Is(err, ErrForgotten) {
			t.Errorf("what is forgotten: %v", err)
		}
	})
}
