package projector

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// of writes an event of connectors by an incarnation.
func (w *scribe) of(i events.Incarnation, e events.Event) {
	w.connector = i
	w.append(events.SessionID{}, events.Connectors, e)
}

func TestNothingIsRoutedToAConnectorThatTheLogSaysIsLost(t *testing.T) {
	t.Parallel()
	c1, c2 := events.Incarnation{Name: "c1", Epoch: 3}, events.Incarnation{Name: "c2", Epoch: 7}
	for name, end := range map[string]func(w *scribe){
		"another one found it lost": func(w *scribe) { w.of(c2, events.ConnectorLost{Lost: c1}) },
		"it was stopped":            func(w *scribe) { w.of(c1, events.ConnectorStopped{}) },
		"it has begun anew":         func(w *scribe) { w.of(events.Incarnation{Name: "c1", Epoch: 4}, events.ConnectorStarted{}) },
	} {
		w := newScribe()
		w.of(c1, events.ConnectorStarted{})
		w.online(1, "alice@localhost", "far", 9)
		w.of(c2, events.ConnectorStarted{})
		w.online(2, "alice@localhost", "near", 1)
		before := w.table()
		if got := ids(before.Routes(jid("alice@localhost"))); before.IsLost(c1) || !slices.Equal(got, []string{"far"}) {
			t.Fatalf("before the loss: %v", got)
		}
		end(w)
		table := w.table()
		if got := ids(table.Routes(jid("alice@localhost"))); !slices.Equal(got, []string{"near"}) {
			t.Errorf("%s: routes after it: %v", name, got)
		}
		if !table.IsLost(c1) || table.IsLost(c2) || table.Session(jid("alice@localhost/far")) != nil {
			t.Errorf("%s: c1 is lost: %t, c2: %t", name, table.IsLost(c1), table.IsLost(c2))
		}
		w.must("alice@localhost", session.Fence{Lost: c1})
		if left := w.table().Leases().Ended; len(left) > 0 {
			t.Errorf("%s: without sessions %v is remembered", name, left)
		}
	}
}

func TestConnectorsAreNoAccount(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.of(events.Incarnation{Name: "c1", Epoch: 3}, events.ConnectorStarted{})
	w.online(1, "alice@localhost", "a", 0)
	w.of(events.Incarnation{Name: "c1", Epoch: 3}, events.Unknown{Code: 250, Fields: []byte{0x90}})
	table := w.table()
	if a := table.Account(events.Connectors); a != nil {
		t.Errorf("there is %+v", a)
	}
	if s := table.Stats(); s.Accounts != 1 || s.Records != uint64(w.last()) || s.Unknown != 1 || s.Mismatched != 0 {
		t.Errorf("counted were %+v", s)
	}
	if p := table.Position(); p.Seq != w.last() || table.Leases().Seq != w.last() {
		t.Errorf("the table is at %d, and knows connectors up to %d", p.Seq, table.Leases().Seq)
	}
	w.write(events.Record{JID: events.Connectors, Prev: 1, Event: events.ConnectorStopped{}})
	if s := w.table().Stats(); s.Mismatched != 1 || s.Foreign != 1 {
		t.Errorf("of one that was not appended on top of the one before: %+v", s)
	}
}

func TestWhoHoldsALeaseOrSessionsIsListed(t *testing.T) {
	t.Parallel()
	inc := func(name string, epoch uint64) events.Incarnation {
		return events.Incarnation{Name: name, Epoch: epoch}
	}
	w := newScribe()
	w.connector = inc("c3", 1) // of which the log never spoke
	w.online(1, "alice@localhost", "a", 0)
	w.of(inc("c2", 2), events.ConnectorStarted{})
	w.online(2, "alice@localhost", "b", 0)
	w.of(inc("c1", 3), events.ConnectorStarted{})
	w.of(inc("c4", 4), events.ConnectorStarted{})
	w.of(inc("c4", 4), events.ConnectorStopped{})
	w.of(inc("c1", 3), events.ConnectorLost{Lost: inc("c2", 2)})
	want := []events.Incarnation{inc("c1", 3), inc("c2", 2), inc("c3", 1)}
	if got := w.table().Holding(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAnObserverIsNotToldOfConnectors(t *testing.T) {
	t.Parallel()
	w := newScribe()
	told := 0
	p := newProjector(t, Config{Log: w.log, Table: NewTable(), Observe: func(_, _ *session.Account, _ *events.Stored) { told++ }})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	<-p.CaughtUp()
	w.of(events.Incarnation{Name: "c1", Epoch: 3}, events.ConnectorStarted{})
	if err := p.cfg.Table.WaitFor(ctx, at(w.last())); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-done; err != nil || told != 0 {
		t.Errorf("it was told of %d records, %v", told, err)
	}
}

// withConnectors draws a history among which connectors begin and end.
func withConnectors(t *rapid.T) *scribe {
	sessions, w := history(t), newScribe()
	for i := 0; i < len(sessions.stored); {
		if rapid.IntRange(0, 2).Draw(t, "about a connector") > 0 {
			r := sessions.stored[i].Record
			r.Prev = seqAt(w.accounts[r.Account()])
			w.write(r)
			i++
			continue
		}
		about := events.Incarnation{
			Name: rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "name"), Epoch: rapid.Uint64Range(1, 4).Draw(t, "epoch"),
		}
		switch rapid.IntRange(0, 2).Draw(t, "event") {
		case 0:
			w.of(about, events.ConnectorStarted{})
		case 1:
			w.of(about, events.ConnectorStopped{})
		case 2:
			w.of(events.Incarnation{Name: "c3", Epoch: 1}, events.ConnectorLost{Lost: about})
		}
	}
	return w
}

// Property: at every sequence the table says of leases what session.ApplyLease makes
// of the log up to it, but for ends of those that hold no sessions, which it forgets;
// and to fold a record again says nothing new.
func TestTheTableSaysOnEveryPrefixWhoHoldsALease(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := withConnectors(t)
		table := NewTable()
		var want *session.Leases
		for i := range w.stored {
			st := &w.stored[i]
			table.Fold(st)
			if st.JID == events.Connectors {
				want = session.ApplyLease(want, st)
			}
			want = want.Forget(func(e events.Incarnation) bool {
				for _, a := range accountsOf(table) {
					if slices.ContainsFunc(a.Sessions(), func(s *session.Session) bool {
						return s.Connector().Name == e.Name && s.Connector().Epoch <= e.Epoch
					}) {
						return true
					}
				}
				return false
			})
			said := table.Leases()
			if !reflect.DeepEqual(said, want) {
				t.Fatalf("at %d the table says %+v, want %+v", st.Seq, said, want)
			}
			table.Fold(&w.stored[rapid.IntRange(0, i).Draw(t, "again")])
			if table.Leases() != said {
				t.Fatalf("at %d: a record that came again made %+v of %+v", st.Seq, table.Leases(), said)
			}
		}
	})
}

// Property: a session whose connector ends while it lives counts as lost from that
// record on until it is closed, or another connector has it.
func TestASessionIsLostFromTheEndOfItsConnectorOn(t *testing.T) {
	t.Parallel()
	type held struct {
		account events.JID
		id      events.SessionID
		by      events.Incarnation
	}
	rapid.Check(t, func(t *rapid.T) {
		w := withConnectors(t)
		table := NewTable()
		lost := map[held]bool{}
		for i := range w.stored {
			st := &w.stored[i]
			table.Fold(st)
			var said *session.Leases // by this record
			if st.JID == events.Connectors {
				said = session.ApplyLease(nil, st)
			}
			now := map[held]bool{}
			for _, a := range accountsOf(table) {
				for _, s := range a.Sessions() {
					h := held{a.JID(), s.ID, s.Connector()}
					if now[h] = lost[h] || said.HasEnded(s.Connector()); now[h] && !table.IsLost(s.Connector()) {
						t.Fatalf("at %d: %s has ended and holds %s, but counts as there", st.Seq, s.Connector(), s.JID())
					}
				}
			}
			lost = now
		}
	})
}

// The names are the table's own: the log spoils each record's buffer after it.
func TestTheTableKeepsNothingOfTheMessagesOfConnectors(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.of(events.Incarnation{Name: "connector-one", Epoch: 3}, events.ConnectorStarted{})
	w.online(1, "alice@localhost", "a", 0)
	w.of(events.Incarnation{Name: "connector-two", Epoch: 5}, events.ConnectorStarted{})
	w.of(w.connector, events.ConnectorLost{Lost: events.Incarnation{Name: "connector-one", Epoch: 3}})
	w.of(w.connector, events.Unknown{Code: 250, Fields: []byte{0x90}})
	table := NewTable()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for st := range w.log.Follow(ctx, 0) {
		table.Fold(st)
		if st.Seq == w.last() {
			cancel()
		}
	}
	if got, want := table.Leases(), w.table().Leases(); !reflect.DeepEqual(got, want) {
		t.Errorf("the table says %+v, want %+v", got, want)
	}
}

// A record of connectors is one of the log, and may be the last one before a place.
func TestKeyframesCountTheRecordsOfConnectors(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.pace = 20 * time.Minute
	for i := range byte(20) {
		w.online(i+1, "alice@localhost", fmt.Sprintf("r%d", i), 0)
		w.of(events.Incarnation{Name: "c1", Epoch: uint64(i + 1)}, events.ConnectorStarted{})
		w.must("alice@localhost", session.Close{Session: sid(i + 1)})
	}
	whole := all(t, w)
	for _, k := range names(t, whole) {
		store := bustest.NewKeyframes()
		data, err := whole.Read(t.Context(), k)
		if err == nil {
			err = store.Create(t.Context(), k, data)
		}
		if err != nil {
			t.Fatal(err)
		}
		project(t, w, store, true) // begins with that one
		for _, k := range names(t, store) {
			got, _ := store.Read(t.Context(), k)
			if want, err := whole.Read(t.Context(), k); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s has other bytes than it should, %v", k, err)
			}
		}
	}
}
