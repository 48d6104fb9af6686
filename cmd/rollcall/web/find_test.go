package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestTheBoxGoesToWhatWasLookedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.login("bob@localhost", "phone", "192.0.2.7:5222")
	for asked, want := range map[string]string{
		"bob@localhost": "/accounts/bob@localhost", " bob@localhost/phone": "/accounts/bob@localhost", "xmpp:bob@localhost": "/accounts/bob@localhost",
		id.String(): "/sessions/" + id.String(), strings.ToLower(id.String()): "/sessions/" + id.String(), "2": "/events/2",
		"192.0.2.7": "/sessions?filter=address:192.0.2.7", "192.0.2.7:5222": "/sessions?filter=address:192.0.2.7", "2001:db8::/32": "/sessions?filter=address:2001:db8::%2F32",
		"2020-01-31T14:03:07Z": "/sessions?at=2020-01-31T14:03:07Z", "2020-01-31 14:03": "/sessions?at=2020-01-31T14:03:00Z",
	} {
		got := w.reader().get("/find?q=" + url.QueryEscape(asked))
		got.goesTo(t, want)
		w.page(want)
	}
	got := w.reader().get("/find?q=-15m")
	to, err := url.Parse(got.header.Get("Location"))
	must(t, err)
	at, err := time.Parse(time.RFC3339, to.Query().Get("at"))
	if since := time.Since(at); err != nil || since < 15*time.Minute || since > 16*time.Minute {
		t.Errorf("-15m leads to %s", to)
	}
	if !strings.Contains(w.page("/sessions"), `<form class="find" role="search" action="/find">`) {
		t.Error("pages have no box")
	}
}

func TestAWordIsAnAccountOrAConnector(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, hold(w, "c1", `{"domains":["example.org","example.net"]}`))
	w.expect("/find?q=bob", "“bob” may be", "Account bob@example.netAccount bob@example.org")
	w.expect("/find?q=c1", "Connector c1")
	w.expect("/find?q=no+such+thing", "Nothing matches “no such thing”", "26 characters")
	w.expect("/find", "The box takes:")
	w.followLinks("/find?q=c1")
	if got := w.browser().get("/find?q=bob"); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/login") {
		t.Errorf("whoever is not logged in: %d", got.status)
	}
}
