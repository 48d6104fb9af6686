package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

func TestSessionsOfAFirstStartSayHowToLogIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.expect("/sessions", "0 sessions, as of", "Nobody is online.", "No connector runs", "rollcall up")
	must(t, hold(w, "c1", `{"c2s":"192.0.2.1:5222","domains":["example.org"]}`))
	w.expect("/sessions", "Log in with any XMPP client, as user@example.org", "192.0.2.1:5222 (XMPP, STARTTLS)", "rollcall user add user@domain")
	w.followLinks("/sessions")
}

// hold has a connector say in its lease where it listens.
func hold(w *world, name, info string) error {
	_, err := w.bus.Leases().Acquire(w.t.Context(), bus.LeaseRequest{Name: name, Instance: "one", TTL: time.Minute, Info: []byte(info)})
	return err
}

func TestSessionsAreListedAndChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	alice := w.login("alice@localhost", "phone", "192.0.2.7:5222")
	w.act("alice@localhost", session.BecomeAvailable{Session: alice, Priority: 5, Stanza: "<presence/>"})
	w.login("bob@localhost", "desk", "198.51.100.1:5222")
	body := w.expect("/sessions", "2 sessions, as of", "alice@localhost/phone", "available priority 5", "192.0.2.7:5222", "bob@localhost/desk", "connected", "rollcall sessions Copycurl -H")
	if !strings.Contains(body, `data-live="?type=authenticated`) {
		t.Error("the page does not follow what happens")
	}
	for query, want := range map[string]string{
		"state=available": "alice@localhost/phone", "state=connected": "bob@localhost/desk", "account=bob@localhost": "bob@localhost/desk",
		"filter=address:192.0.2.0/24": "alice@localhost/phone", "connector=c1&filter=resource:d*": "bob@localhost/desk",
	} {
		w.expect("/sessions?"+query, "1 session matches, as of", want)
	}
	w.expect("/sessions?state=lost", "0 sessions match, as of", "No session matches.", "rollcall sessions state:lost")
	w.followLinks("/sessions")
}

func TestSessionsAreThoseOfAMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login("alice@localhost", "phone", "192.0.2.7:5222")
	w.login("bob@localhost", "desk", "198.51.100.1:5222")
	body := w.expect("/sessions?at=2", "1 session, as of", "(after event 2)", "alice@localhost/phone", "rollcall sessions --at 2")
	if strings.Contains(body, "data-live") {
		t.Error("the past is live")
	}
	w.expect("/sessions?at=-1d", "as of a moment before the first event of the log", "nobody knows who was online", "rollcall sessions --at 20")
	w.followLinks("/sessions?at=2")
	w.followLinks("/sessions?at=-1d")
}

// A fault in a field is told at that field, and nothing typed is lost.
func TestAFaultOfABarIsShownAtItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login("alice@localhost", "phone", "192.0.2.7:5222")
	for query, want := range map[string]struct{ field, text string }{
		"filter=colour:red":       {"filter", "there is no such key"},
		"filter=reason:kicked":    {"filter", "have not ended"},
		"at=yesterday":            {"at", "give a sequence as in 18231, a time"},
		"at=4711":                 {"at", "future"},
		"at=2099-01-01T00:00:00Z": {"at", "future"},
		"account=localhost":       {"account", "it is user@domain"},
		"filter=state:x&at=-5m":   {"filter", "state"},
	} {
		got := w.reader().get("/sessions?" + query)
		if got.status != 400 || !strings.Contains(got.body, `id="wrong-`+want.field+`"`) || !strings.Contains(text(got.body), want.text) {
			t.Errorf("%s: %d %s", query, got.status, text(got.body))
		}
		values, err := url.ParseQuery(query)
		must(t, err)
		if value := values.Get(want.field); !strings.Contains(got.body, fmt.Sprintf(`value="%s"`, value)) {
			t.Errorf("%s: %q is lost", query, value)
		}
	}
	reader := w.as(w.token("read"))
	if got := reader.get("/sessions?filter=address:192.0.2.7"); got.status != 403 || !strings.Contains(text(got.body), "read:address") {
		t.Errorf("%d %s", got.status, text(got.body))
	}
	if got := text(reader.get("/sessions").body); !strings.Contains(got, "192.0.2.0/24") || strings.Contains(got, "192.0.2.7") {
		t.Errorf("whoever may not see addresses sees %s", got)
	}
}

func TestSessionsAreAPageOfAHundred(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 105 {
		w.login(fmt.Sprintf("u%03d@localhost", i), "r", "192.0.2.7:5222")
	}
	body := w.expect("/sessions", "105 sessions", "u000@localhost/r", "u099@localhost/r", "Next 100")
	if strings.Contains(body, "u100@") {
		t.Error("the first page has more than 100")
	}
	if len(body) > 80<<10 {
		t.Errorf("a page of 100 has %d bytes", len(body))
	}
	next := strings.Split(body[strings.Index(body, "after="):], `"`)[0]
	w.expect("/sessions?"+strings.ReplaceAll(next, "&amp;", "&"), "105 sessions", "u100@localhost/r", "u104@localhost/r", "First page")
}

// Whoever tries an example is not left with an empty page, because there is no such role.
func TestTheExamplesOfFiltersNameRolesThatThereAre(t *testing.T) {
	t.Parallel()
	builtIn, err := roles.New()
	must(t, err)
	found := regexp.MustCompile(`role:(\w+)`).FindAllStringSubmatch(newWorld(t).page("/sessions"), -1)
	if len(found) == 0 {
		t.Error("no example has a role")
	}
	for _, one := range found {
		if builtIn.Role(one[1]) == nil {
			t.Errorf("%s: there is no such role", one[0])
		}
	}
}
