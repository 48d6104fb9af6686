package stats

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

const gajim = "Gajim 1.9.3, desk, 1"

// begin is when a world does.
var begin = time.Date(2024, 11, 29, 17, 40, 0, 0, time.UTC)

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if got, want := asText(got), asText(want); got != want {
		t.Errorf("%s: %s", what, firstDifference(got, want))
	}
}

func TestWhoIsOnlineIsToldByTheStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	phone := w.login("alice@localhost", "phone", gajim)
	w.login("alice@localhost", "desk", gajim)
	w.later(time.Hour)
	bob := w.login("bob@localhost", "desk", gajim)
	w.later(time.Second)
	w.end("bob@localhost", bob, events.ReasonClient)
	w.later(2 * time.Hour)
	w.end("alice@localhost", phone, events.ReasonClient)
	at := func(hour, minute int) time.Time { return time.Date(2024, 11, 29, hour, minute, 0, 0, time.UTC) }
	same(t, "concurrency", w.read(Query{Step: time.Hour, Until: at(20, 50)}).Concurrency, []Concurrency{
		{at(17, 40), 0, 0, 2, 1}, {at(18, 0), 2, 1, 3, 2}, {at(19, 0), 2, 1, 2, 1}, {at(20, 0), 2, 1, 2, 1},
	})
}

func TestAResumptionHasAnAgeAndAPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := events.StoredJID("alice@localhost")
	phone := w.login("alice@localhost", "phone", gajim)
	w.do(alice, session.EnableStreamManagement{Session: phone, Resumable: true, Max: 300, TokenHash: "h"})
	for i := range 3 {
		w.do(alice, session.Detach{Session: phone, Reason: events.ReasonConnectionLost, Now: w.now.UnixNano()})
		w.later(time.Minute)
		if i == 2 {
			w.end("alice@localhost", phone, events.ReasonTimeout)
			break
		}
		again := events.SessionID(w.id())
		w.at = "c2"
		w.do(alice, session.Authenticate{Session: again, AsOf: 1 << 60, Agent: gajim})
		w.do(alice, session.Resume{Session: again, Previous: phone, TokenHash: "h"})
	}
	two := 2.0 / 3
	row := Resumes{By: ByAll, Detached: 3, Resumed: 2, Ended: 1, Elsewhere: 1, Success: &two, P50: 60_000, P90: 60_000, P99: 60_000}
	client := row
	client.By, client.Of = ByClient, "Gajim 1"
	w.later(time.Second)
	a := w.read(Query{})
	for i := range a.Resumes { // what a sketch may say
		a.Resumes[i].P50, a.Resumes[i].P90, a.Resumes[i].P99 = 60_000, 60_000, 60_000
	}
	same(t, "resumes", a.Resumes, []Resumes{row, client})
	same(t, "agents", a.Agents, []Agent{{"Gajim 1", 3, 1, true}})
}

// Clients of a connector that was killed are back at another one before the log says that
// their sessions are over.
func TestAStormIsSeenThoughItIsOverBeforeItsCauseIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := func(i int) string { return fmt.Sprintf("user%d@localhost", i) }
	held := make([]events.SessionID, 12)
	for i := range held {
		held[i] = w.login(name(i), "phone", gajim)
	}
	w.later(time.Hour) // c1 is killed
	w.now = w.now.Truncate(time.Minute)
	w.at = "c2"
	began := w.now
	for i := range held {
		if i%2 == 0 {
			w.login(name(i), "phone", gajim) // takes the place of the session
		} else {
			w.login(name(i), "desk", gajim)
		}
	}
	w.later(12 * time.Second)
	for i, id := range held {
		if i%2 != 0 {
			w.end(name(i), id, events.ReasonConnectorLost)
		}
	}
	w.later(time.Second)
	a := w.read(Query{})
	if len(a.Storms) != 1 || a.Storms[0].CameBack != 12 || a.Storms[0].Connector != "c1" || a.Storms[0].Began.Sub(began) > time.Second {
		t.Errorf("%s", asText(a.Storms))
	}
	for i := range held { // they have nothing to come back from
		w.login(name(i), "tablet", gajim)
	}
	w.later(time.Second)
	if again := w.read(Query{}); len(again.Storms) != 1 || again.Storms[0].CameBack != 12 {
		t.Errorf("%s", asText(again.Storms))
	}
}

func TestWhatReadingMayCostIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 100 {
		w.end("alice@localhost", w.login("alice@localhost", "phone", gajim), events.ReasonClient) // three records
		w.later(time.Minute)
	}
	for _, q := range []Query{{Most: 40}, {For: 1}} {
		all, parts := 0, 0
		for q.Step, q.Figures = 10*time.Minute, []string{"ends"}; ; parts++ {
			a := w.read(q)
			if a.Records > 80 || a.Until.Minute()%10 > 0 && !a.Complete {
				t.Fatalf("it covers %s", asText(a.Covers))
			}
			for _, e := range a.Ends {
				all += e.Sessions
			}
			if q.Since = a.Until; a.Complete {
				break
			}
		}
		if all != 100 || parts < 3 {
			t.Errorf("in %d parts %d sessions have ended, of 100", parts, all)
		}
	}
	_, err := Read(t.Context(), w.archive(), nil, Query{Step: 24 * time.Hour, Most: 40})
	if !errors.Is(err, ErrTooMuch) {
		t.Errorf("a step with too many: %v", err)
	}
}

func TestWhatTheLogHasForgottenIsNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login("alice@localhost", "phone", gajim)
	w.later(time.Hour)
	w.login("bob@localhost", "phone", gajim)
	w.later(time.Hour)
	w.login("carol@localhost", "phone", gajim)
	w.later(time.Second)
	w.first = 3
	a := w.read(Query{Step: time.Hour})
	if a.Known || !a.Since.Equal(begin.Add(time.Hour)) || a.Concurrency[0].Sessions != 0 {
		t.Errorf("without a keyframe: %s", asText(a))
	}
	w.first = 1
	w.keyframe(4)
	w.first = 3
	a = w.read(Query{Step: time.Hour, Since: begin})
	if !a.Known || !a.Since.Equal(begin.Add(time.Hour)) || a.Concurrency[0].Sessions != 2 {
		t.Errorf("from the first keyframe: %s", asText(a))
	}
}

func TestAQueryThatCannotBeAnsweredIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login("alice@localhost", "phone", gajim)
	w.later(30 * 24 * time.Hour)
	for _, q := range []Query{
		{Figures: []string{"weather"}}, {Step: -1}, {Step: time.Second / 2}, {Step: time.Second}, {Since: begin, Until: begin},
	} {
		if _, err := Read(t.Context(), w.archive(), nil, q); !errors.Is(err, ErrQuery) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if _, err := Read(t.Context(), w.archive(), nil, Query{Since: w.now.Add(time.Hour)}); !errors.Is(err, replay.ErrFuture) {
		t.Errorf("of the future: %v", err)
	}
	if a := w.read(Query{Since: begin.Add(-2 * time.Hour), Until: begin.Add(-time.Hour)}); len(a.Concurrency) > 0 || !a.Complete {
		t.Errorf("of before the log: %s", asText(a))
	}
}

func TestAnEmptyLogHasFigures(t *testing.T) {
	t.Parallel()
	a := newWorld(t).read(Query{})
	if len(a.Concurrency) > 0 || len(a.Ends) > 0 || !a.Known || !a.Complete {
		t.Error(asText(a))
	}
}

// Others announce as lost only a connector that stays away.
func TestAConnectorThatWasKilledAndIsBackWasLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.later(time.Hour)
	w.start() // it was killed
	w.later(time.Minute)
	w.append(events.Connectors, events.SessionID{}, events.ConnectorStopped{})
	w.later(time.Minute)
	w.start()
	w.at = "c2"
	w.append(events.Connectors, events.SessionID{}, events.ConnectorLost{Lost: events.Incarnation{Name: "c1", Epoch: w.epochs["c1"]}})
	w.at = "c1"
	w.later(time.Minute)
	w.start()
	w.later(time.Second)
	same(t, "connectors", w.read(Query{}).Connectors, []Connector{{Connector: "c1", Started: 4, Stopped: 1, Lost: 2}})
	w.keyframe(1)
	same(t, "those of the span after its first start", w.read(Query{Since: begin.Add(time.Minute)}).Connectors,
		[]Connector{{Connector: "c1", Started: 3, Stopped: 1, Lost: 2}})
}
