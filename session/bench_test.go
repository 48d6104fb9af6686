package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// withSessions is an account of n available resources, and a session of it.
func withSessions(n int) (*session.Account, *session.Session) {
	var a *session.Account
	apply := func(s events.SessionID, j events.JID, e events.Event) {
		a = session.Apply(a, next(a, s, j, e))
	}
	for i := range n {
		s, full := id(fmt.Sprintf("s%d", i)), mustJID(fmt.Sprintf("alice@example.org/r%d", i))
		apply(s, alice, events.Authenticated{})
		apply(s, full, events.Bound{})
		apply(s, full, events.StreamManagementEnabled{Resumable: true, Max: 60, TokenHash: "t"})
		apply(s, full, events.PresenceAvailable{Stanza: "<presence/>"})
	}
	return a, a.Sessions()[n/2]
}

// next is the record of an event on top of an account.
func next(a *session.Account, s events.SessionID, j events.JID, e events.Event) *events.Stored {
	st := &events.Stored{Seq: 1, At: 1, Record: events.Record{Session: s, JID: j, Connector: events.Incarnation{Name: "c1", Epoch: 1}, Event: e}}
	if a != nil {
		st.Seq, st.At = a.Seq+1, int64(a.Seq)+1
	}
	return st
}

// kindsOfEvents has one of each that a connected resource may meet.
func kindsOfEvents() []events.Event {
	return []events.Event{
		events.RosterRequested{}, events.PresenceAvailable{Priority: 1, Stanza: "<presence/>"}, events.PresenceUnavailable{},
		events.PresenceDirected{To: mustJID("bob@example.org"), Available: true}, events.CarbonsEnabled{}, events.CarbonsDisabled{},
		events.StreamManagementEnabled{TokenHash: "t"}, events.Detached{Until: 1}, events.Resumed{}, events.Closed{},
		events.RoleTaken{Role: "guest"}, events.AccountCreated{}, events.Refreshed{Available: true, Presence: "<presence/>"}, events.Unknown{Code: 200},
	}
}

// The cost of an event to the fold has a limit, whatever the account's size.
func TestApplyAllocatesLittle(t *testing.T) {
	for _, n := range []int{1, 2, 10} {
		a, s := withSessions(n)
		for _, e := range kindsOfEvents() {
			limit := 3.0
			switch e.(type) {
			case events.PresenceDirected, events.StreamManagementEnabled, events.Detached, events.PresenceUnavailable:
				limit++ // for the fields that few sessions have
			}
			if _, directed := e.(events.PresenceDirected); directed {
				limit++ // for the list
			}
			st := next(a, s.ID, s.JID(), e)
			if got := testing.AllocsPerRun(100, func() { session.Apply(a, st) }); got > limit {
				t.Errorf("%s of one of %d sessions: %v allocations, want at most %v", e.Kind(), n, got, limit)
			}
		}
	}
}

func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1, 2, 10} {
		a, s := withSessions(n)
		for _, e := range []events.Event{events.PresenceAvailable{Priority: 1, Stanza: "<presence/>"}, events.Detached{Until: 1}, events.Closed{}} {
			st := next(a, s.ID, s.JID(), e)
			b.Run(fmt.Sprintf("%s/sessions=%d", e.Kind(), n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					session.Apply(a, st)
				}
			})
		}
	}
}

// BenchmarkDo is what a transition costs beside its way to the log.
func BenchmarkDo(b *testing.B) {
	log := bustest.NewLog()
	table := newTable(log)
	service := newService(b, session.Config{
		Log: log, Accounts: lazyTable{table}, Connector: events.Incarnation{Name: "c1", Epoch: 1},
	})
	do := func(c session.Command) {
		if _, _, err := service.Do(b.Context(), alice, connID("k1"), c); err != nil {
			b.Fatal(err)
		}
	}
	do(session.Authenticate{Session: id("s1")})
	do(session.Bind{Session: id("s1"), Resource: "desk"})
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			do(session.BecomeAvailable{Session: id("s1"), Stanza: "<presence/>"})
		}
	})
	b.Run("nothing to do", func(b *testing.B) {
		do(session.RequestRoster{Session: id("s1")})
		b.ReportAllocs()
		for b.Loop() {
			do(session.RequestRoster{Session: id("s1")})
		}
	})
}

// BenchmarkLogAppend is the in-memory log's part of BenchmarkDo.
func BenchmarkLogAppend(b *testing.B) {
	log := bustest.NewLog()
	r := events.Record{
		ID: events.NewEventID(time.Now()), Session: id("s1"), JID: mustJID("alice@example.org/desk"),
		Connector: events.Incarnation{Name: "c1", Epoch: 1}, Event: events.PresenceAvailable{Stanza: "<presence/>"},
	}
	b.ReportAllocs()
	for b.Loop() {
		pos, err := log.Append(b.Context(), &r)
		if err != nil {
			b.Fatal(err)
		}
		r.Prev = pos.Seq
	}
}
