package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// cookie is the one that an answer sets.
func (s *seen) cookie(t *testing.T) *http.Cookie {
	t.Helper()
	c, err := http.ParseSetCookie(s.header.Get("Set-Cookie"))
	if err != nil {
		t.Fatalf("%d %s: %v", s.status, s.body, err)
	}
	return c
}

// goesTo expects a redirect.
func (s *seen) goesTo(t *testing.T, where string) {
	t.Helper()
	if s.status != http.StatusSeeOther || s.header.Get("Location") != where {
		t.Errorf("%d to %q, want %q: %s", s.status, s.header.Get("Location"), where, s.body)
	}
}

// shows expects a page with a text.
func (s *seen) shows(t *testing.T, status int, text string) {
	t.Helper()
	if s.status != status || !strings.Contains(s.body, text) {
		t.Errorf("%d, want %d with %q: %s", s.status, status, text, s.body)
	}
}

func TestALinkLetsInOnceAndNotBeforeItsButtonIsPressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, code := w.browser(), w.offer("operator")
	for _, method := range []string{"HEAD", "GET", "GET"} { // as previews of links do
		a := b.do(method, "/login?code="+code, nil)
		if a.status != http.StatusOK || a.header.Get("Set-Cookie") != "" || method == "GET" && !strings.Contains(a.body, `value="`+code+`"`) {
			t.Errorf("%s: %d %s", method, a.status, a.body)
		}
	}
	a := b.post("/login", url.Values{"shown": {code}, "next": {"/sessions?at=-1h"}})
	a.goesTo(t, "/sessions?at=-1h")
	c := a.cookie(t)
	if c.Name != "rollcall_session" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure || c.Domain != "" {
		t.Errorf("the cookie is %s", c)
	}
	if stay := time.Duration(c.MaxAge) * time.Second; stay < 11*time.Hour || stay > 12*time.Hour || !strings.HasPrefix(c.Value, "rct_") {
		t.Errorf("it stays for %s: %s", stay, c)
	}
	page := b.get("/")
	page.shows(t, 200, "operator@host")
	again := w.browser()
	used := again.post("/login", url.Values{"shown": {code}})
	used.shows(t, 401, "it was used")
	none := again.get("/")
	none.goesTo(t, "/login?next=%2F")
}

func TestACodeThatIsOverLetsNobodyIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code, err := access.Offer(t.Context(), w.bus.Tokens(), "root@host", []access.Scope{access.Admin}, time.Now().Add(-access.CodeLife))
	must(t, err)
	a := w.browser().post("/login", url.Values{"shown": {code}})
	a.shows(t, 401, "more than 5 minutes have passed")
	if a.header.Get("Set-Cookie") != "" {
		t.Error("a cookie is set")
	}
}

// What people paste is a code, the whole link, or a token of a program, which stays good when
// the browser logs out.
func TestWhatPeoplePasteLetsThemIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ends := time.Now().Add(time.Hour)
	_, token, err := access.Add(t.Context(), w.bus.Tokens(), access.Token{Name: "grafana", Scopes: []access.Scope{access.Read}, Expires: ends})
	must(t, err)
	for _, text := range []string{w.offer("reader"), " " + w.url + "/login?code=" + w.offer("reader") + "\n"} {
		a := w.browser().post("/login", url.Values{"shown": {text}})
		a.goesTo(t, "/")
	}
	b := w.browser()
	a := b.post("/login", url.Values{"shown": {token}})
	a.goesTo(t, "/")
	if c := a.cookie(t); c.MaxAge > 3600 {
		t.Errorf("it outlives the token: %s", c)
	}
	page := b.get("/")
	page.shows(t, 200, "grafana")
	out := b.post("/logout", nil)
	out.goesTo(t, "/login?out=1")
	api := w.browser().with("Authorization", "Bearer "+token).get("/v1/table")
	api.shows(t, 200, "sessions")
	for _, text := range []string{"", "rct_x_y", "password"} {
		a := w.browser().post("/login", url.Values{"shown": {text}})
		a.shows(t, 401, `role="alert"`)
	}
}

func TestLoggingOutEndsTheTokenEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	in := b.post("/login", url.Values{"shown": {w.offer("reader")}})
	token := in.cookie(t).Value
	out := b.post("/logout", nil)
	out.goesTo(t, "/login?out=1")
	if c := out.cookie(t); c.MaxAge >= 0 || c.Name != "rollcall_session" {
		t.Errorf("the browser keeps %s", c)
	}
	elsewhere := w.browser().with("Authorization", "Bearer "+token)
	for end := time.Now().Add(30 * time.Second); elsewhere.get("/v1/table").status != http.StatusUnauthorized; {
		if time.Now().After(end) {
			t.Fatal("it still lets in")
		}
	}
	again := b.post("/logout", nil)
	again.goesTo(t, "/login?out=1")
}

func TestTheCookieIsForTLSWhereThereIsTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser().with("Origin", strings.Replace(w.url, "http:", "https:", 1)) // of a proxy before us
	a := b.post("/login", url.Values{"shown": {w.offer("reader")}})
	if c := a.cookie(t); !c.Secure {
		t.Errorf("the cookie is %s", c)
	}
}

// The cookie is for whatever reads, so that links to the API and streams work; a program's own
// token counts for more.
func TestTheCookieReadsAndChangesNothingByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.loggedIn("admin")
	for method, want := range map[string]int{"GET": 200, "HEAD": 200} {
		if a := b.do(method, "/v1/table", nil); a.status != want {
			t.Errorf("%s: %d", method, a.status)
		}
	}
	if a := b.with("Authorization", "Bearer rct_x_y").get("/v1/table"); a.status != 401 {
		t.Errorf("the cookie counts for more: %d", a.status)
	}
	for method, path := range map[string]string{"PUT": "/v1/bans?network=192.0.2.0/24", "DELETE": "/v1/token", "POST": "/v1/token"} {
		if a := b.do(method, path, nil); a.status != 401 {
			t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
		}
	}
}

func TestFormsOfOtherOriginsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.loggedIn("admin")
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		for _, path := range []string{"/login", "/logout"} {
			a := b.with(name, value).post(path, url.Values{"shown": {"rct_x_y"}})
			a.shows(t, 403, "another origin")
		}
	}
	if a := b.with("Sec-Fetch-Site", "same-site").post("/logout", nil); a.status != 403 {
		t.Errorf("a neighbour's form: %d", a.status)
	}
	still := b.get("/")
	still.shows(t, 200, "admin@host")
	same := b.with("Sec-Fetch-Site", "same-origin").with("Origin", w.url).post("/logout", nil)
	same.goesTo(t, "/login?out=1")
}

func TestWhoeverIsNotKnownLogsInAndComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	a := b.get("/sessions?at=-1h&filter=a%20b")
	a.goesTo(t, "/login?next=%2Fsessions%3Fat%3D-1h%26filter%3Da%2520b")
	form := b.get(a.header.Get("Location"))
	form.shows(t, 200, `name="next" value="/sessions?at=-1h&amp;filter=a%20b"`)
	part := b.with("Rollcall-Part", "main").get("/sessions")
	part.shows(t, 401, "no longer logged in")
	if api := b.get("/v1/table"); api.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("programs are told so by %s", api.header.Get("Content-Type"))
	}
	nowhere := b.get("/nowhere")
	nowhere.shows(t, 404, "no page")
}

// A browser that follows a link from elsewhere shows a strict cookie only when it asks again.
func TestALinkFromElsewhereNeedsNoLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.browser().with("Sec-Fetch-Site", "cross-site").get("/sessions?at=7")
	a.shows(t, 200, `<meta http-equiv="refresh" content="0; url=/login?next=%2Fsessions%3Fat%3D7">`)
	in := w.loggedIn("reader").get("/login?next=%2Fsessions%3Fat%3D7")
	in.goesTo(t, "/sessions?at=7")
}

func TestNobodyIsSentElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for next, want := range map[string]string{
		"/": "/", "/sessions?at=1": "/sessions?at=1", "/accounts/a%2Fb@localhost": "/accounts/a%2Fb@localhost",
		"": "/", "sessions": "/", "https://evil.example/": "/", "//evil.example/": "/", "///evil.example": "/", `/\evil.example`: "/",
		`\\evil.example`: "/", "/%2Fevil.example": "/", "/%5Cevil.example": "/", "/\t/evil.example": "/", "javascript:alert(1)": "/",
		"http:/sessions": "/", "//user@evil.example": "/", "/login?next=/": "/", "/logout": "/",
	} {
		a := w.browser().get("/login?next=" + url.QueryEscape(next))
		a.shows(t, 200, `name="next" value="`+want+`"`)
	}
	a := w.browser().post("/login", url.Values{"shown": {w.offer("reader")}, "next": {"//evil.example"}})
	a.goesTo(t, "/")
}
