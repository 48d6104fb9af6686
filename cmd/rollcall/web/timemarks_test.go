package web_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/web"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

// connector has something happen to connectors, after what happened to them before.
func (w *world) connector(name string, prev events.Seq, e events.Event) events.Seq {
	w.t.Helper()
	r := events.Record{
		ID: events.NewEventID(time.Now()), JID: events.Connectors, Time: time.Now().UnixNano(), Prev: prev,
		Connector: events.Incarnation{Name: name, Epoch: 1}, Event: e,
	}
	p, err := w.bus.Log().Append(w.t.Context(), &r)
	must(w.t, err)
	return p.Seq
}

// A connector that was lost or stopped is marked on the curve, with a text and a link to the
// moment, however much else has happened.
func TestTimeMarksWhatHappenedToConnectors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	started := w.connector("c2", 0, events.ConnectorStarted{})                                               // 1
	w.stays("alice@localhost", "phone")                                                                      // 2, 3
	lost := w.connector("c1", started, events.ConnectorLost{Lost: events.Incarnation{Name: "c2", Epoch: 1}}) // 4
	stopped := w.connector("c1", lost, events.ConnectorStopped{})                                            // 5
	b := w.loggedIn("admin").knows(int(stopped))
	a := b.get("/time")
	a.says(t, "Marks: 3", "c2 started", "c2 lost", "c1 stopped", `<title>c2 lost</title><text class="bad"`, `href="/events/4"`, ">✕<", ">▼<", ">▲<")
	link := regexp.MustCompile(`<a class="mark" href="([^"]*)"[^>]*><title>c2 lost`).FindStringSubmatch(a.body)
	b.get(html.UnescapeString(link[1])).says(t, "after sequence 4", `<a href="/events/4">connector lost</a>`)
	b.get("/time?since=-2h&until=-1h").silent(t, "c2 lost")
}

// Accounts that came back together are marked, with what they had lost. A storm stands out
// from minutes of a log, which a test does not have, so the figure is one that was written.
func TestTimeMarksStorms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stays("alice@localhost", "phone")
	w.loggedIn("admin").knows(2)
	began := time.Now().Add(-time.Millisecond)
	rows, err := json.Marshal(map[string]any{"complete": true, "items": []stats.Storm{
		{Began: began, Ended: began.Add(7 * time.Second), CameBack: 1200, Cause: events.ReasonConnectorLost, Connector: "c2", Caused: 1100},
	}})
	must(t, err)
	h := httptest.NewServer(web.New(web.Config{API: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/stats/storms" {
			out.Write(rows)
			return
		}
		w.api.ServeHTTP(out, r)
	})}))
	t.Cleanup(h.Close)
	w.url = h.URL
	a := w.loggedIn("admin").get("/time")
	a.says(t, "Marks: 1", "1,200 came back within 7 s after connector_lost at c2", `<text class="wait storm"`, "What changed", "/v1/stats/storms?since=")
}

// slow is the API where figures take longer than anybody waits, but for the part with the
// curve alone.
type slow struct {
	api   http.Handler
	waits chan struct{} // of questions that are given up
}

func (s slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if deadline, ok := r.Context().Deadline(); ok && strings.HasPrefix(r.URL.Path, "/v1/stats/") && time.Until(deadline) < 5*time.Second {
		<-r.Context().Done()
		s.waits <- struct{}{}
		return
	}
	s.api.ServeHTTP(w, r)
}

// The table of a moment is there however long the curve takes, which comes after it: by the
// script, or where its link is followed.
func TestThePageOfAMomentDoesNotWaitForItsCurve(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stays("alice@localhost", "phone")
	w.loggedIn("admin").knows(2)
	s := slow{w.api, make(chan struct{}, 10)}
	h := httptest.NewServer(web.New(web.Config{API: s}))
	t.Cleanup(h.Close)
	w.url = h.URL
	b := w.loggedIn("admin")
	a := b.get("/time?at=2")
	a.says(t, "alice@localhost/phone", "The curve takes a while", " data-late", `data-handle="at"`)
	if len(s.waits) != 1 {
		t.Errorf("%d questions were given up", len(s.waits))
	}
	link := regexp.MustCompile(`<a href="([^"]*)">Draw it`).FindStringSubmatch(a.body)
	b.get(html.UnescapeString(link[1])).says(t, "At most 1 sessions at a time", "alice@localhost/phone")
	a = b.with("Rollcall-Part", "chart").get("/time?at=2")
	a.says(t, "At most 1 sessions at a time")
	a.silent(t, "alice@localhost", "data-late")
}
