package web_test

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Logins that failed have a page of their own, which others lead to.
func TestFailedLoginsAreFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bobsDay()
	w.expect("/logins", "bob@localhost/phone", "logged in", "resumed", "failed", "203.0.113.9:1234", "PLAIN", "not-authorized")
	failed := "/logins?filter=type:auth_failed"
	body := w.expect(failed, "203.0.113.9:1234")
	if read := text(body); strings.Contains(read, "192.0.2.7") || strings.Contains(read, "logged in ") {
		t.Errorf("other logins are among those that failed: %s", read)
	}
	w.followLinks(failed)
	w.expect("/logins?account=alice@localhost", "No login matches.")
	for path, to := range map[string]string{
		"/": failed + "&since=-1h", "/accounts/bob@localhost": "/logins?account=bob%40localhost&filter=type:auth_failed",
		"/events": failed, "/analytics?figure=logins&since=-1h": failed,
	} {
		if body := html.UnescapeString(w.page(path)); !strings.Contains(body, `href="`+to) {
			t.Errorf("%s does not lead to %s", path, to)
		}
	}
	w.followLinks("/accounts/bob@localhost")
	w.followLinks("/analytics?figure=logins&since=-1h")
	got := w.reader().get("/events?since=-1h&filter=" + url.QueryEscape("type:auth_failed mechanism:PLAIN"))
	if got.status != 400 || !strings.Contains(html.UnescapeString(got.body), `href="/logins?filter=type:auth_failed+mechanism:PLAIN&since=-1h"`) {
		t.Errorf("whoever asks events for failed logins is told: %d %s", got.status, got.body)
	}
}

func TestLoginsAreAPageOfAHundred(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 105 {
		w.act(fmt.Sprintf("u%03d@localhost", i), session.Authenticate{Session: events.NewSessionID(time.Now()), Address: "192.0.2.7:1", Mechanism: "PLAIN", AsOf: w.known()})
	}
	body := w.page("/logins?filter=mechanism:PLAIN")
	next := between(body, `href="`, `" rel="next"`)
	if n := strings.Count(body, ">logged in<"); n != 100 || !strings.Contains(next, "filter=mechanism") {
		t.Fatalf("%d logins, then %q", n, next)
	}
	if n := strings.Count(w.page(html.UnescapeString(next)), ">logged in<"); n != 5 {
		t.Errorf("%d logins on the second page", n)
	}
}

// between is the last text before an end that is after a beginning.
func between(body, begin, end string) string {
	body, _, _ = strings.Cut(body, end)
	return body[strings.LastIndex(body, begin)+len(begin):]
}

// A fault in a field is told at that field, without an empty table below.
func TestAFaultOfASearchIsShownAtItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login("alice@localhost", "phone", "192.0.2.7:5222")
	for path, fields := range map[string][]string{
		"/events": {"filter", "since", "until"}, "/logins": {"account", "filter", "since", "until"},
		"/access": {"about", "since", "until"}, "/explain": {"to", "of", "at"}, "/analytics": {"since", "until"},
	} {
		for _, field := range fields {
			query := url.Values{field: {"no:such=thing"}}
			if path == "/explain" && field == "at" {
				query.Set("to", "alice@localhost")
			}
			got := w.reader().get(path + "?" + query.Encode())
			if got.status != 400 || !strings.Contains(got.body, `id="wrong-`+field+`"`) || !strings.Contains(got.body, `value="no:such=thing"`) {
				t.Errorf("%s with a wrong %s: %d %s", path, field, got.status, got.body)
			}
			if strings.Contains(got.body, `id="wrong-`+field+`">`+field+":") {
				t.Errorf("%s says twice which field is wrong: %s", path, field)
			}
			if strings.Contains(got.body, "<table") {
				t.Errorf("%s has a table with a wrong %s", path, field)
			}
		}
	}
}
