package tally

import (
	"maps"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

var (
	c1    = events.Incarnation{Name: "c1", Epoch: 1}
	c2    = events.Incarnation{Name: "c2", Epoch: 2}
	admin = events.Incarnation{Name: "admin"} // holds no lease
	began = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
)

// A history gives one account's records to the tallies of two connectors, as their
// folds do.
type history struct {
	account *session.Account
	tallies [2]*Tally
	now     time.Time
	id      events.SessionID
}

func newHistory() *history {
	return &history{tallies: [2]*Tally{New("c1"), New("c2")}, now: began, id: events.NewSessionID(began)}
}

func (h *history) wait(d time.Duration) *history {
	h.now = h.now.Add(d)
	return h
}

func (h *history) record(by events.Incarnation, e events.Event) *history {
	jid, err := events.ParseJID("alice@localhost")
	if _, ok := e.(events.Bound); ok {
		jid, err = events.ParseJID("alice@localhost/a")
	}
	if err != nil {
		panic(err)
	}
	at := h.now.UnixNano()
	var prev events.Seq
	if h.account != nil {
		prev = h.account.Seq
	}
	st := &events.Stored{Seq: prev + 1, At: at, Record: events.Record{
		ID: events.NewEventID(h.now), Session: h.id, JID: jid, Time: at, Connector: by, Prev: prev, Event: e,
	}}
	before := h.account
	h.account = session.Apply(before, st)
	for _, t := range h.tallies {
		t.Observe(before, h.account, st)
	}
	return h
}

// online logs in at a connector, with stream management.
func (h *history) online(by events.Incarnation) *history {
	return h.record(by, events.Authenticated{Mechanism: "SCRAM-SHA-256", TLS: "TLS 1.3"}).record(by, events.Bound{}).
		record(by, events.StreamManagementEnabled{Resumable: true, Max: 300})
}

func (h *history) detach(by events.Incarnation) *history {
	return h.record(by, events.Detached{Until: h.now.Add(300 * time.Second).UnixNano()})
}

// want compares the ends that the two have counted with those that they should have.
func (h *history) want(t *testing.T, kind events.Kind, at1, at2 uint64) {
	t.Helper()
	if n1, n2 := h.tallies[0].Count(kind), h.tallies[1].Count(kind); n1 != at1 || n2 != at2 {
		t.Errorf("%s: %d at c1, %d at c2; want %d, %d", kind, n1, n2, at1, at2)
	}
}

func TestEachRecordIsCountedByTheConnectorThatWroteIt(t *testing.T) {
	t.Parallel()
	h := newHistory().online(c1).record(c2, events.Closed{Reason: events.ReasonReplaced})
	h.want(t, events.KindAuthenticated, 1, 0)
	h.want(t, events.KindClosed, 0, 1)
}

func TestWhatAToolWritesIsCountedByTheHolderOfTheSession(t *testing.T) {
	t.Parallel()
	h := newHistory().record(admin, events.AccountCreated{}).online(c1).record(admin, events.Closed{Reason: events.ReasonKicked})
	h.want(t, events.KindClosed, 1, 0)
	h.want(t, events.KindAccountCreated, 0, 0)
}

func TestLoginsAreCountedByMechanismAndTLSOfAFixedSet(t *testing.T) {
	t.Parallel()
	h := newHistory().record(c1, events.Authenticated{Mechanism: "alice@localhost", TLS: "192.0.2.1"}).
		record(c1, events.Closed{}).record(c1, events.Authenticated{Mechanism: "PLAIN"})
	got := maps.Collect(h.tallies[0].Logins())
	want := map[Login]uint64{{"other", "other"}: 1, {"PLAIN", "none"}: 1}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEndsAreCountedByReasonWithTheirDuration(t *testing.T) {
	t.Parallel()
	h := newHistory().online(c1).wait(90*time.Second).record(c1, events.Closed{Reason: events.ReasonClient})
	for reason, n := range h.tallies[0].Ends() {
		if want := reason == events.ReasonClient; (n == 1) != want {
			t.Errorf("%s: %d", reason, n)
		}
	}
	if r := h.tallies[0].Durations.Read(); r.Count != 1 || r.Sum != 90 || r.Buckets[60] != 0 || r.Buckets[300] != 1 {
		t.Errorf("durations %+v", r)
	}
}

func TestTheWaitOfADetachedSessionEndsInOneWay(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		end  events.Event
		want Outcome
	}{
		{events.Resumed{}, Resumed},
		{events.Closed{Reason: events.ReasonTimeout}, Expired},
		{events.Closed{Reason: events.ReasonConnectorLost}, Lost},
		{events.Closed{Reason: events.ReasonShutdown}, Lost},
		{events.Closed{Reason: events.ReasonKicked}, Ended},
	} {
		h := newHistory().online(c1).detach(c1).wait(20*time.Second).record(c1, tt.end)
		for o, n := range h.tallies[0].Outcomes() {
			if (n == 1) != (o == tt.want) {
				t.Errorf("%s: %s is %d", tt.end.Kind(), o, n)
			}
		}
		if r := h.tallies[0].Waits.Read(); tt.want == Resumed && (r.Count != 1 || r.Sum != 20) {
			t.Errorf("waits %+v", r)
		}
	}
}

func TestASessionThatEndsWithItsConnectionHasNotWaited(t *testing.T) {
	t.Parallel()
	h := newHistory().online(c1).record(c1, events.Closed{Reason: events.ReasonTimeout})
	for o, n := range h.tallies[0].Outcomes() {
		if n != 0 {
			t.Errorf("%s is %d", o, n)
		}
	}
}

func TestObserveAllocatesNothing(t *testing.T) {
	h := newHistory().online(c1)
	st := &events.Stored{Record: events.Record{Session: h.id, Time: began.UnixNano(), Connector: c1, Event: events.Closed{Reason: events.ReasonClient}}}
	if n := testing.AllocsPerRun(100, func() { h.tallies[0].Observe(h.account, h.account, st) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	h := newHistory().online(c1)
	st := &events.Stored{Record: events.Record{Session: h.id, Time: began.UnixNano(), Connector: c1, Event: events.Closed{Reason: events.ReasonClient}}}
	for b.Loop() {
		h.tallies[0].Observe(h.account, h.account, st)
	}
}
