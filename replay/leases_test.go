package replay

import (
	"errors"
	"fmt"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
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
			if len(past.Account(full).Sessions()) != 1 {
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

func TestADifferenceIsThatAConnectorIsLost(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.of(events.ConnectorStarted{})         // 1
		w.online(1, "alice@localhost", "phone") // 2 to 4
		w.online(2, "bob@localhost", "desk")    // 5 to 7
		w.of(events.ConnectorLost{Lost: holder})
		w.do("bob@localhost", session.Fence{Lost: holder}) // 9
		w.online(3, "carol@localhost", "hall")             // 10 to 12: a straggler
		for _, c := range []struct {
			of       string
			from, to events.Seq
			want     []string
		}{
			{"", 7, 8, []string{"alice@localhost/phone: lost", "bob@localhost/desk: lost"}},
			{"", 7, 9, []string{"alice@localhost/phone: lost", "bob@localhost/desk: gone connector_lost"}},
			{"", 8, 9, []string{"bob@localhost/desk: gone connector_lost"}},
			{"", 1, 8, []string{"alice@localhost/phone: new", "bob@localhost/desk: new"}},
			{"alice@localhost", 7, 12, []string{"alice@localhost/phone: lost"}},
			{"alice@localhost/phone", 7, 8, []string{"alice@localhost/phone: lost"}},
			{"bob@localhost", 4, 8, []string{"bob@localhost/desk: new"}},
			{"", 4, 7, []string{"bob@localhost/desk: new"}},
		} {
			got := differences(t, w, c.of, Moment{Seq: c.from}, Moment{Seq: c.to})
			expect(t, fmt.Sprintf("%s %d to %d", c.of, c.from, c.to), got, c.want...)
		}
		for c := range Diff(t.Context(), Archive{Log: w}, events.JID{}, Moment{Seq: 1}, Moment{Seq: 8}) {
			if c.LostBefore || !c.LostAfter {
				t.Errorf("%s was lost at first: %t, at last: %t", c.After.JID(), c.LostBefore, c.LostAfter)
			}
		}
		// Between tables it is the same as by the records.
		d := &passage{was: map[events.JID]*session.Account{}, is: map[events.JID]*session.Account{}}
		first, err := At(t.Context(), Archive{Log: w}, Moment{Seq: 7})
		if err == nil {
			d.leases.then = first.Leases()
			err = d.compare(t.Context(), Archive{Log: w}, first, Moment{Seq: 8})
		}
		var lost []string
		for c := range d.changes(events.JID{}) {
			lost = append(lost, fmt.Sprint(c.Session().JID(), ": ", c.Differences()))
		}
		expect(t, "between tables", lost, "alice@localhost/phone: [lost]", "bob@localhost/desk: [lost]")
		if err != nil {
			t.Error(err)
		}
	})
}
