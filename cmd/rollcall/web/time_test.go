package web_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/web"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// stays begins a session and binds it, which makes two records.
func (w *world) stays(account, resource string) events.SessionID {
	w.t.Helper()
	id := events.NewSessionID(time.Now())
	w.does(account, session.Authenticate{Session: id, Address: "192.0.2.7:5222", Mechanism: "SCRAM-SHA-256"})
	w.does(account, session.Bind{Session: id, Resource: resource})
	return id
}

// leaves ends one, which makes one record.
func (w *world) leaves(account string, id events.SessionID) {
	w.t.Helper()
	w.does(account, session.Close{Session: id, Reason: events.ReasonClient})
}

func (w *world) does(account string, c session.Command) {
	w.t.Helper()
	_, _, err := w.write.Do(w.t.Context(), events.StoredJID(account), events.ConnID{}, c)
	must(w.t, err)
}

// knows waits until the service knows of a record.
func (b *browser) knows(seq int) *browser {
	b.w.t.Helper()
	if a := b.get("/v1/table?min_seq=" + strconv.Itoa(seq)); a.status != http.StatusOK {
		b.w.t.Fatalf("%d %s", a.status, a.body)
	}
	return b
}

// says expects a page with all of these texts.
func (a seen) says(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Fatalf("%d, and there is no %q in\n%s", a.status, text, a.body)
		}
	}
}

// silent expects a page with none of these texts.
func (a seen) silent(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("%d, and there is %q in\n%s", a.status, text, a.body)
		}
	}
}

// step is where a step leads to; "" if it leads nowhere.
func (a seen) step(name string) string {
	m := regexp.MustCompile(`href="([^"]*)" data-(?:step|zoom)="` + name + `"`).FindStringSubmatch(a.body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// The table of any moment is that of the API at that moment, whether it is named by its
// sequence or by its time.
func TestTimeShowsTheTableOfAMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.stays("alice@localhost", "phone") // 1, 2
	between := time.Now()
	w.stays("bob@localhost", "laptop") // 3, 4
	w.leaves("alice@localhost", alice) // 5
	b := w.loggedIn("admin").knows(5)
	a := b.get("/time?at=2")
	a.says(t, "after sequence 2", "alice@localhost/phone", "<b>1</b> sessions", `<a href="/events/2">bound</a>`, "/v1/sessions?at=2&amp;limit=50")
	a.silent(t, "bob@localhost")
	b.get("/time?at="+url.QueryEscape(between.UTC().Format(time.RFC3339Nano))).says(t, "after sequence 2", "alice@localhost/phone", "<b>1</b> sessions")
	a = b.get("/time?at=4")
	a.says(t, "alice@localhost/phone", "bob@localhost/laptop", "<b>2</b> sessions", "<b>2</b> accounts", "<b>0</b> available", "<b>2</b> connected", "By connector: c1 2")
	a = b.get("/time")
	a.says(t, "live", "after sequence 5", "bob@localhost/laptop")
	a.silent(t, "alice@localhost/phone")
}

// Each event, minute and hour is a link away, and nothing leads beyond the log.
func TestTimeIsWalkedThroughByLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stays("alice@localhost", "phone")
	b := w.loggedIn("admin").knows(2)
	a := b.get("/time?at=1")
	if back := a.step("back"); back != "" {
		t.Errorf("there is something before the first event: %s", back)
	}
	a = b.get(a.step("forward"))
	a.says(t, "after sequence 2")
	a = b.get(a.step("back"))
	a.says(t, "after sequence 1")
	b.get(a.step("minute-back")).says(t, "Nothing had happened yet")
	b.get(a.step("live")).says(t, `<b class="good">live</b>`)
	b.get(b.get("/time?at=-1s").step("minute-forward")).says(t, `<b class="good">live</b>`)
	if forward := b.get("/time").step("forward"); forward != "" {
		t.Errorf("there is something after now: %s", forward)
	}
}

// The curve has a link to each of its steps, so that a click on it works without a script.
func TestACurveIsClickedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stays("alice@localhost", "phone")
	b := w.loggedIn("admin").knows(2)
	a := b.get("/time?since=-10m")
	links := regexp.MustCompile(`<a href="([^"]*)" tabindex="-1"><rect`).FindAllStringSubmatch(a.body, -1)
	if len(links) == 0 || len(links) > 101 {
		t.Fatalf("%d links", len(links))
	}
	b.get(html.UnescapeString(links[0][1])).says(t, "behind")
	a.says(t, "At most 1 sessions at a time", "How many were online</title>", `data-handle="at"`, "The curve as a table", "/v1/stats/online?")
}

// What is typed may be a sequence, a time of the page's zone, a time of day or how long ago.
func TestAMomentIsTypedAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stays("alice@localhost", "phone")
	b := w.loggedIn("admin").knows(2)
	for text, want := range map[string]string{
		"2": "after sequence 2", "-15m": "15 min behind", " -1d ": "1 d behind", "2020-01-31 14:03": "2020-01-31 14:03:00", "2020-01-31T14:03:07Z": "2020-01-31 14:03:07",
		"2020-07-31T14:03:07+02:00": "2020-07-31 12:03:07", "now": `<b class="good">live</b>`, "": `<b class="good">live</b>`,
	} {
		b.get("/time?at="+url.QueryEscape(text)).says(t, want)
	}
	b.get("/time?zone=Europe/Berlin&at="+url.QueryEscape("2020-07-31 14:03")).says(t, `datetime="2020-07-31T12:03:00Z">2020-07-31 14:03:00`)
	a := b.get("/time?at=yesterday")
	if a.status != http.StatusBadRequest {
		t.Errorf("%d", a.status)
	}
	a.says(t, "is not a moment; give a sequence as in 18231", "-15m")
}

// Where there is no table the page says why, and goes on.
func TestTimeHasAPageForEveryMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.loggedIn("admin")
	b.get("/time").says(t, "Nobody has logged in yet")
	w.stays("alice@localhost", "phone")
	b.knows(2)
	b.get("/time?at=2020-01-31").says(t, "Nothing had happened yet", `data-step="live"`)
	b.get("/time?at=2999-01-01").says(t, "in the future", `data-step="live"`)
	b.get("/time?at=18231").says(t, "the log ends at sequence 2", `data-step="live"`)
	for _, path := range []string{"/time?since=never", "/time?since=-1h&until=soon", "/time?from=x"} {
		if a := b.get(path); a.status != http.StatusBadRequest || !strings.Contains(a.body, "is not a moment") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// Between two moments sessions come, go and change.
func TestTwoMomentsAreCompared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.stays("alice@localhost", "phone")
	carol := w.stays("carol@localhost", "tablet")
	w.stays("bob@localhost", "laptop")
	w.leaves("alice@localhost", alice)
	w.does("carol@localhost", session.RequestRoster{Session: carol})
	b := w.loggedIn("admin").knows(8)
	a := b.get("/time?from=4")
	a.says(t, "<b>1</b> came", "<b>1</b> went", "<b>1</b> changed", "alice@localhost/phone", "client", "bob@localhost/laptop", "carol@localhost/tablet", "interested", `data-handle="from"`, `data-handle="to"`, "/v1/diff?from=4")
	b.get("/time?from=4&to=4").says(t, "Nothing is different.")
	b.get("/time?from=6&to=4").says(t, "the first moment is after the second")
	b.get(b.get("/time?at=4").step("compare")).says(t, "alice@localhost/phone", "went")
	a = b.get(a.step("kind-came"))
	a.says(t, "<b>1</b> came", "<b>1</b> went", "bob@localhost/laptop")
	a.silent(t, "alice@localhost", "carol@localhost")
	b.get(a.step("kind-came")).says(t, "alice@localhost/phone")
}

// The table may be long: it comes by pages, all of one moment.
func TestALongTableComesByPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 51 {
		w.stays("u"+strconv.Itoa(1000+i)+"@localhost", "x")
	}
	b := w.loggedIn("admin").knows(102)
	a := b.get("/time")
	a.says(t, "<b>51</b> sessions", "u1049@localhost")
	a.silent(t, "u1050@localhost")
	next := regexp.MustCompile(`href="([^"]*)">The next ones`).FindStringSubmatch(a.body)
	if next == nil {
		t.Fatal("there is no next page")
	}
	a = b.get(html.UnescapeString(next[1]))
	a.says(t, "u1050@localhost", "after sequence 102")
	a.silent(t, "u1049@localhost")
}

// The script that moves the slider gets what depends on the moment. It causes no questions
// about the curve, and none twice.
func TestTheSliderAsksForNoMoreThanTheMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stays("alice@localhost", "phone")
	w.loggedIn("admin").knows(2)
	var asked []string // by one request at a time
	h := httptest.NewServer(web.New(web.Config{API: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		w.api.ServeHTTP(out, r)
	})}))
	t.Cleanup(h.Close)
	w.url = h.URL
	b := w.loggedIn("admin").with("Rollcall-Part", "moment")
	asked = nil
	a := b.get("/time?at=2")
	a.says(t, "alice@localhost/phone", `data-step="back"`)
	a.silent(t, "<svg", "<h1", "<html")
	asked = slices.DeleteFunc(asked, func(path string) bool { return path == "/v1/token" }) // who is asking
	if want := []string{"/v1/events", "/v1/table", "/v1/sessions"}; !slices.Equal(asked, want) {
		t.Errorf("asked: %q, want %q", asked, want)
	}
}

// instead is a world whose API has problems: a status and a detail for each path.
func (w *world) instead(problems map[string]api.Problem) *browser {
	w.t.Helper()
	h := httptest.NewServer(web.New(web.Config{API: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if p, ok := problems[r.URL.Path]; ok {
			api.WriteProblem(out, p)
			return
		}
		w.api.ServeHTTP(out, r)
	})}))
	w.t.Cleanup(h.Close)
	w.url = h.URL
	return w.loggedIn("admin")
}

// What can't be answered about one moment is said in its place, and the slider goes on; only
// where nothing can be is there another page.
func TestTimeSaysWhatIsOutOfReachInItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stays("alice@localhost", "phone")
	w.loggedIn("admin").knows(2)
	gone := api.Problem{Status: http.StatusGone, Detail: "sequence 1: the log no longer reaches back to the moment: it begins at sequence 5"}
	a := w.instead(map[string]api.Problem{"/v1/table": gone}).get("/time?at=1")
	a.says(t, `<p class="problem">sequence 1: the log no longer reaches back`, `data-step="live"`, `data-zoom="all"`, "At most 1 sessions at a time")
	busy := api.Problem{Status: http.StatusServiceUnavailable, Detail: "another question about figures is being answered; try again"}
	a = w.instead(map[string]api.Problem{"/v1/stats/online": busy}).get("/time?at=2")
	a.says(t, `<p class="note">another question about figures`, "alice@localhost/phone", `data-handle="at"`, `class="axis"`)
	for path, p := range map[string]api.Problem{
		"/v1/log":      {Status: http.StatusServiceUnavailable, Detail: "the log has not answered yet; try again"},
		"/v1/sessions": {Status: http.StatusForbidden, Detail: "this token does not have the scope read"},
	} {
		if a := w.instead(map[string]api.Problem{path: p}).get("/time"); a.status != p.Status || !strings.Contains(a.body, p.Detail) || strings.Contains(a.body, "<svg") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}
