package web_test

import (
	"strings"
	"testing"
)

// Whoever may not see a page is told what it needs, and how to get that.
func TestAPageThatIsNotForTheViewerSaysHowToGetIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.login("alice@localhost", "phone", "192.0.2.7:5222")
	const scopes = "read"
	for path, want := range map[string]struct{ scope, whom string }{
		"/access": {"audit", "auditor"}, "/bans": {"moderate", "operator"}, "/sessions/" + id.String() + "/end": {"kick", "operator"},
		"/accounts/alice@localhost/disable": {"moderate", "operator"},
	} {
		got := w.as(w.token(scopes)).get(path)
		if read := text(got.body); got.status != 403 || !strings.Contains(read, "This needs the scope "+want.scope+". You, viewer") || !strings.Contains(read, "have read.") ||
			!strings.Contains(read, "rollcall web --as "+want.whom) || !strings.Contains(read, "rollcall token add NAME --scope "+want.scope) {
			t.Errorf("%s: %d %s", path, got.status, read)
		}
	}
	got := w.as(w.token(scopes)).get("/sessions?filter=address:192.0.2.7")
	if got.status != 403 || !strings.Contains(text(got.body), "this needs the scope read:address, which you don't have; rollcall web --as operator prints a link that has it") {
		t.Errorf("%d %s", got.status, text(got.body))
	}
}

// A viewer is offered nothing that is refused.
func TestAReaderIsOfferedWhatReadersMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bobsDay()
	for _, path := range []string{"/", "/sessions", "/sessions?at=2", "/time", "/events", "/logins", "/explain", "/analytics", "/connectors", "/feeds", "/find", "/accounts/bob@localhost"} {
		token := w.token("read")
		page := w.as(token).get(path)
		if page.status != 200 {
			t.Fatalf("%s: %d", path, page.status)
		}
		if strings.Contains(page.body, "address:1") || strings.Contains(page.body, `placeholder="JID, session, address`) {
			t.Errorf("%s offers to ask for addresses", path)
		}
		for i, m := range hrefs.FindAllStringSubmatch(page.body, -1) {
			if i%20 == 19 {
				token = w.token("read")
			}
			if to := strings.ReplaceAll(m[1], "&amp;", "&"); strings.HasPrefix(to, "/") {
				if got := w.as(token).get(to); got.status == 403 {
					t.Errorf("%s offers %s, which is refused: %s", path, to, text(got.body))
				}
			}
		}
	}
}

// A viewer with a token for one account is led to its pages.
func TestAViewerOfOneAccountIsLedToIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bobsDay()
	token := w.token("account:bob@localhost")
	got := w.as(token).get("/")
	if got.status != 403 || strings.Contains(got.body, `href="/events"`) || !strings.Contains(got.body, `<a href="/accounts/bob@localhost">bob@localhost</a>`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	for _, path := range []string{"/accounts/bob@localhost", "/logins?account=bob@localhost"} {
		if got := w.as(token).get(path); got.status != 200 {
			t.Errorf("%s: %d %s", path, got.status, text(got.body))
		}
	}
}
