package api

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

// A figured log has sessions that come and go, and is asked about them again and again.
type figured struct {
	t      *testing.T
	log    *bustest.Log
	random *rand.Rand
	ids    byte
	prev   events.Seq
	open   []events.SessionID
}

// live has a session come or go.
func (w *figured) live() {
	jid, add := events.StoredJID("alice@localhost/r"), events.Event(events.Closed{Reason: events.ReasonClient})
	id := events.SessionID{}
	if n := len(w.open); n > 0 && w.random.IntN(2) == 0 {
		id, w.open = w.open[n-1], w.open[:n-1]
	} else {
		w.ids++
		id = events.SessionID{14: w.ids, 15: 1}
		w.open = append(w.open, id)
		w.append(id, events.StoredJID("alice@localhost"), events.Authenticated{Mechanism: "PLAIN"})
		jid, add = events.StoredJID(fmt.Sprintf("alice@localhost/%d", w.ids)), events.Bound{}
	}
	w.append(id, jid, add)
}

func (w *figured) append(id events.SessionID, jid events.JID, e events.Event) {
	w.t.Helper()
	p, err := w.log.Append(w.t.Context(), &events.Record{ID: events.NewEventID(time.Now()), Session: id, JID: jid, Prev: w.prev, Time: time.Now().UnixNano(), Event: e})
	if err != nil {
		w.t.Fatal(err)
	}
	w.prev = p.Seq
}

// fold is what the log gives.
func (w *figured) fold(q stats.Query) *stats.Answer {
	w.t.Helper()
	a, err := stats.Read(w.t.Context(), replay.Archive{Log: w.log}, nil, q)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// Whether an answer is a new one or was kept, it is what the log gives of the span that it
// says it is of; that of a span which goes on is never older than it may be.
func TestFiguresThatWereKeptAreThoseOfTheLog(t *testing.T) {
	t.Parallel()
	kept := 0
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			w := &figured{t: t, log: bustest.NewLog(), random: rand.New(rand.NewPCG(seed, 1))}
			w.live()
			begun, all := time.Now(), figures{}
			for range 120 {
				time.Sleep(time.Duration(w.random.IntN(40)) * time.Second)
				w.live()
				kept += w.ask(&all, begun)
			}
		})
	}
	if kept < 100 {
		t.Errorf("only %d answers were kept ones", kept)
	}
}

// ask asks for one figure, and reports whether the answer was a kept one.
func (w *figured) ask(all *figures, begun time.Time) (kept int) {
	params := url.Values{"since": {[]string{"-10m", "-1h"}[w.random.IntN(2)]}}
	back, _ := replay.ParseDuration(params.Get("since")[1:])
	name := []string{"ends", "logins", "concurrency", "users"}[w.random.IntN(4)]
	q := stats.Query{Since: time.Now().Add(-back), Figures: []string{name}}
	if w.random.IntN(2) == 0 {
		q.Since, q.Until = begun, begun.Add(time.Duration(1+w.random.IntN(3))*10*time.Minute)
	}
	if !q.Until.IsZero() && q.Until.After(time.Now()) {
		q.Until = time.Time{}
	}
	if !q.Until.IsZero() {
		params.Set("until", q.Until.Format(time.RFC3339Nano))
	}
	key, over := figureKeyOf(name, params, &q)
	kept = 1
	a, err := all.read(key, over, 1, func() (*stats.Answer, error) {
		kept = 0
		time.Sleep(2 * time.Second) // so long it takes
		return w.fold(q), nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if late := time.Since(a.Until); q.Until.IsZero() && late > figureTimes*2*time.Second {
		w.t.Errorf("%s of a span that goes on ends %s ago", name, late)
	}
	same := w.fold(stats.Query{Since: a.Since, Until: a.Until, Step: a.Step, Figures: []string{name}})
	if got, want := rowsText(w.t, a.Rows(name)), rowsText(w.t, same.Rows(name)); got != want {
		w.t.Errorf("%s from %s to %s, kept: %d: %s, and the log has %s", name, a.Since, a.Until, kept, got, want)
	}
	return kept
}

func rowsText(t *testing.T, rows any) string {
	t.Helper()
	text, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Cheap figures are not kept, figures that the log has forgotten are not told, and the
// room for those that are kept is bounded.
func TestFiguresAreKeptWithinBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := figures{least: leastFigure}
		computed := 0
		ask := func(name string, first events.Seq, took time.Duration, rows int) {
			_, _ = f.read(figureKey{name: name}, true, first, func() (*stats.Answer, error) {
				computed++
				time.Sleep(took)
				return &stats.Answer{Ends: make([]stats.Ends, rows)}, nil
			})
		}
		for _, step := range []struct {
			name  string
			first events.Seq
			took  time.Duration
			rows  int
			want  int // that were computed
		}{
			{"cheap", 1, time.Millisecond, 1, 1}, {"cheap", 1, time.Millisecond, 1, 2},
			{"large", 1, time.Second, maxFigureRows + 1, 3}, {"large", 1, time.Second, 1, 4},
			{"dear", 1, time.Second, 1, 5}, {"dear", 1, time.Second, 1, 5}, {"dear", 2, time.Second, 1, 6},
		} {
			if ask(step.name, step.first, step.took, step.rows); computed != step.want {
				t.Errorf("%+v: %d were computed", step, computed)
			}
		}
		for i := range 2 * maxFigures {
			ask(fmt.Sprint(i), 1, time.Second, 1)
		}
		if n := len(f.list); n != maxFigures {
			t.Errorf("%d are kept", n)
		}
	})
}
