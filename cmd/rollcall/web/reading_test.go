package web_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// token is one with scopes.
func (w *world) token(scopes string) string {
	w.t.Helper()
	list, err := access.ParseScopes(scopes)
	must(w.t, err)
	w.tokens++
	_, shown, err := access.Add(w.t.Context(), w.bus.Tokens(), access.Token{Name: fmt.Sprintf("viewer%d", w.tokens), Scopes: list})
	must(w.t, err)
	for end := time.Now().Add(30 * time.Second); w.as(shown).get("/v1/token").status != http.StatusOK; {
		if time.Now().After(end) {
			w.t.Fatal("the token is not known")
		}
	}
	return shown
}

// as is a browser with a token.
func (w *world) as(token string) *browser {
	return w.browser().with("Authorization", "Bearer "+token)
}

// reader is a browser with a token of scope admin, another one now and then: one may not
// ask too often.
func (w *world) reader() *browser {
	if w.asked%20 == 0 {
		w.admin = w.token("admin")
	}
	w.asked++
	return w.as(w.admin)
}

// page gets a page that there is.
func (w *world) page(path string) string {
	w.t.Helper()
	got := w.reader().get(path)
	if got.status != http.StatusOK {
		w.t.Errorf("%s: %d %s", path, got.status, text(got.body))
	}
	return got.body
}

// expect gets a page that has texts, as people read them.
func (w *world) expect(path string, texts ...string) string {
	w.t.Helper()
	body := w.page(path)
	w.has(path, body, texts...)
	return body
}

func (w *world) has(path, body string, texts ...string) {
	w.t.Helper()
	read := text(body)
	for _, want := range texts {
		if !strings.Contains(read, want) {
			w.t.Errorf("%s does not say %q:\n%s", path, want, read)
		}
	}
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
	hrefs  = regexp.MustCompile(`href="([^"]*)"`)
)

// text is what people read of a page's main part.
func text(body string) string {
	if _, main, ok := strings.Cut(body, "<main"); ok {
		body = "<main" + main
	}
	return strings.TrimSpace(spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(body, "")), " "))
}

// followLinks follows all links of a page within the service, and expects that they lead
// somewhere.
func (w *world) followLinks(path string) {
	w.t.Helper()
	seen := map[string]bool{}
	for _, m := range hrefs.FindAllStringSubmatch(w.page(path), -1) {
		to := html.UnescapeString(m[1])
		if to == "" || seen[to] || strings.HasPrefix(to, "#") {
			continue
		}
		seen[to] = true
		if !strings.HasPrefix(to, "/") {
			w.t.Errorf("%s links to %s", path, to)
			continue
		}
		if got := w.reader().get(to); got.status >= 400 {
			w.t.Errorf("%s links to %s: %d %s", path, to, got.status, text(got.body))
		}
	}
	if len(seen) < 5 {
		w.t.Errorf("%s has %d links", path, len(seen))
	}
}

// known waits until the table has all of the log, and returns its last sequence.
func (w *world) known() events.Seq {
	w.t.Helper()
	info, err := w.bus.Log().Info(w.t.Context())
	must(w.t, err)
	must(w.t, w.table.WaitFor(w.t.Context(), events.Position{Stream: info.Stream, Seq: info.Last}))
	return info.Last
}

// act has things happen to an account.
func (w *world) act(account string, all ...session.Command) events.Seq {
	w.t.Helper()
	for _, c := range all {
		_, _, err := w.write.Do(w.t.Context(), events.StoredJID(account), events.ConnID{}, c)
		must(w.t, err)
	}
	return w.known()
}

// login begins and binds a session, which makes two records.
func (w *world) login(account, resource, address string) events.SessionID {
	w.t.Helper()
	id := events.NewSessionID(time.Now())
	w.act(account, session.Authenticate{Session: id, Address: address, Mechanism: "SCRAM-SHA-256", AsOf: w.known()}, session.Bind{Session: id, Resource: resource})
	return id
}
