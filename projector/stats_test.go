package projector

import (
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestConnectorsAreThoseThatHoldSessions(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	w.bound(2, "alice@localhost", "b")
	w.must("alice@localhost", session.RequestRoster{Session: sid(2)})
	w.connector = events.Incarnation{Name: "c2", Epoch: 3}
	w.online(3, "bob@localhost", "a", 0)
	w.must("bob@localhost", session.EnableStreamManagement{Session: sid(3), Resumable: true, Max: 60, TokenHash: "h"})
	w.must("bob@localhost", session.Detach{Session: sid(3)})
	want := []Connector{
		{events.Incarnation{Name: "c1", Epoch: 1}, 2, 1, 0, 2, 1},
		{events.Incarnation{Name: "c2", Epoch: 3}, 1, 1, 1, 1, 0},
	}
	if got := w.table().Connectors(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	w.must("bob@localhost", session.Close{Session: sid(3)})
	if got := w.table().Connectors(); !slices.Equal(got, want[:1]) {
		t.Errorf("after the end of the last one of c2: %v", got)
	}
}

func TestAResumedSessionChangesItsHolder(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	w.must("alice@localhost", session.EnableStreamManagement{Session: sid(1), Resumable: true, Max: 60, TokenHash: "h"})
	w.must("alice@localhost", session.Detach{Session: sid(1), Now: 1})
	w.connector = events.Incarnation{Name: "c2", Epoch: 3}
	w.must("alice@localhost", session.Authenticate{Session: sid(2)})
	w.must("alice@localhost", session.Resume{Session: sid(2), Previous: sid(1), TokenHash: "h", Now: 2})
	want := []Connector{{w.connector, 1, 1, 0, 1, 0}}
	if got := w.table().Connectors(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestARecordThatIsNotOnTopOfTheOneBeforeIsCounted(t *testing.T) {
	t.Parallel()
	hour := time.Hour.Nanoseconds()
	for _, c := range []struct {
		name      string
		prev      []events.Seq
		at        []int64
		retention time.Duration
		want      uint64
	}{
		{"each on the one before", []events.Seq{0, 10}, []int64{1, 2}, 0, 0},
		{"on another", []events.Seq{0, 9}, []int64{1, 2}, 0, 1},
		{"on none, though there is one", []events.Seq{0, 0}, []int64{1, 2}, 0, 1},
		{"on none, before retention removed the one", []events.Seq{0, 0}, []int64{0, hour - 1}, time.Hour, 1},
		{"on none, after retention removed the one", []events.Seq{0, 0}, []int64{0, hour}, time.Hour, 0},
		{"on one that retention removed before the fold", []events.Seq{5, 10}, []int64{1, 2}, 0, 0},
	} {
		table := NewTable()
		table.stats.retention = c.retention
		for i, prev := range c.prev {
			table.Fold(&events.Stored{
				Record: events.Record{JID: jid("alice@localhost"), Prev: prev, Event: events.AccountCreated{}},
				Seq:    events.Seq(10 + i), At: c.at[i],
			})
		}
		s := table.Stats()
		if s.Mismatched != c.want || len(s.Faults) != int(c.want) {
			t.Errorf("%s: %+v, want %d mismatched", c.name, s, c.want)
		}
	}
}

// A record that a stranger wrote into the log, past its rules, is not a loss.
func TestARecordFromOutsideIsToldFromOneThatIsMissing(t *testing.T) {
	t.Parallel()
	alice := jid("alice@localhost")
	fold := func(table *Table, seq, prev events.Seq) {
		table.Fold(&events.Stored{Record: events.Record{JID: alice, Prev: prev, Event: events.PasswordChanged{}}, Seq: seq})
	}
	skip := func(table *Table, seq events.Seq) {
		table.Skip(&events.PoisonError{Seq: seq, Err: events.ErrUndecodable})
	}
	for _, c := range []struct {
		name                string
		after               func(*Table) // 10, which is on nothing
		mismatched, foreign uint64
	}{
		{"one that can't be decoded, and what was appended on top of it", func(t *Table) { skip(t, 11); fold(t, 12, 11); fold(t, 13, 12) }, 0, 0},
		{"several", func(t *Table) { skip(t, 11); skip(t, 12); fold(t, 13, 12) }, 0, 0},
		{"one that did not look at the newest", func(t *Table) { fold(t, 11, 10); fold(t, 12, 10); fold(t, 13, 12) }, 1, 1},
		{"one that looked at nothing", func(t *Table) { fold(t, 11, 0); fold(t, 12, 11) }, 1, 1},
		{"one is missing", func(t *Table) { fold(t, 12, 11) }, 1, 0},
		{"one is missing beside another's that can't be decoded", func(t *Table) { skip(t, 11); fold(t, 13, 12) }, 1, 0},
	} {
		table := NewTable()
		fold(table, 10, 0)
		c.after(table)
		if s := table.Stats(); s.Mismatched != c.mismatched || s.Foreign != c.foreign {
			t.Errorf("%s: %+v, want %d mismatched and %d foreign", c.name, s, c.mismatched, c.foreign)
		}
	}
}

func TestThePlacesOfPoisonAreKeptUpToALimit(t *testing.T) {
	t.Parallel()
	table := NewTable()
	for i := range 3 * maxPoison {
		table.Skip(&events.PoisonError{Seq: events.Seq(i + 1), Err: events.ErrUndecodable})
	}
	if n := len(table.stats.poisoned); n > maxPoison || !table.stats.isPoison(3*maxPoison) || table.stats.isPoison(1) {
		t.Errorf("%d are kept", n)
	}
}

func TestAFaultSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.must("alice@localhost", session.CreateAccount{})
	w.write(events.Record{JID: jid("alice@localhost"), Prev: 77, Event: events.PasswordChanged{}})
	faults := w.table().Stats().Faults
	const want = "password_changed of alice@localhost was appended after 77, but 1 came before it"
	if len(faults) != 1 || faults[0].Seq != 2 || faults[0].Text != want {
		t.Errorf("got %+v, want %q", faults, want)
	}
}

func TestFaultsAreKeptUpToALimitAndCountedBeyond(t *testing.T) {
	t.Parallel()
	table := NewTable()
	for i := range 2 * maxFaults {
		table.Skip(&events.PoisonError{Seq: events.Seq(i + 1), Err: events.ErrUndecodable})
	}
	if s := table.Stats(); s.Poison != 2*maxFaults || len(s.Faults) != maxFaults {
		t.Errorf("%d counted, %d kept", s.Poison, len(s.Faults))
	}
}

func TestAnEventOfAnUnknownKindIsCountedAndMovesTheSequence(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	w.append(sid(1), jid("alice@localhost/a"), events.Unknown{Code: 200, Version: 1, Fields: []byte{0x90}})
	table := w.table()
	if s := table.Stats(); s.Unknown != 1 || s.Mismatched != 0 {
		t.Errorf("got %+v", s)
	}
	if a := table.Account(jid("alice@localhost")); a.Seq != w.last() || len(a.Sessions()) != 1 {
		t.Errorf("the account is %+v", a)
	}
}
