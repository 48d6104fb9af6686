package web_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// fail has a login fail, and waits until that is stored.
func (w *world) fail(account, address string) {
	w.t.Helper()
	w.bus.Pre().Publish(&events.Record{
		ID: events.NewEventID(time.Now()), Time: time.Now().UnixNano(), JID: events.StoredJID(account), Connector: events.Incarnation{Name: "c1", Epoch: 1},
		Event: events.AuthFailed{Username: events.StoredJID(account).Local(), Mechanism: "PLAIN", Condition: "not-authorized", Address: address},
	})
	for end := time.Now().Add(30 * time.Second); !strings.Contains(w.reader().get("/v1/logins?filter=type:auth_failed&account="+account).body, address); {
		if time.Now().After(end) {
			w.t.Fatal("the failed login is not stored")
		}
	}
}

// bobsDay is a day of an account: two logins, one of which is resumed elsewhere and then
// kicked, a login that fails, a new password, and a time for which nobody lets it in.
func (w *world) bobsDay() (kicked, second events.SessionID) {
	const bob = "bob@localhost"
	must(w.t, w.store.Create(w.t.Context(), events.StoredJID(bob), "a password"))
	w.act(bob, session.CreateAccount{By: "cli root@host"})
	kicked = w.login(bob, "phone", "192.0.2.7:5222")
	w.act(bob, session.BecomeAvailable{Session: kicked, Priority: 5, Stanza: "<presence/>"},
		session.EnableStreamManagement{Session: kicked, Resumable: true, Max: 300, TokenHash: "hash"},
		session.Detach{Session: kicked, Reason: events.ReasonConnectionLost, Now: time.Now().UnixNano()})
	back := events.NewSessionID(time.Now())
	w.act(bob, session.Authenticate{Session: back, Address: "198.51.100.1:40000", Mechanism: "SCRAM-SHA-256", AsOf: w.known()},
		session.Resume{Session: back, Previous: kicked, TokenHash: "hash", Address: "198.51.100.1:40000", Now: time.Now().UnixNano()})
	w.act(bob, session.Kick{Resource: "phone", Text: "spam", By: "carol@localhost"})
	w.fail(bob, "203.0.113.9:1234")
	w.act(bob, session.ChangePassword{By: "cli root@host"})
	second = w.login(bob, "desk", "192.0.2.7:5333")
	return kicked, second
}

func TestAnAccountIsToldOverTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bobsDay()
	body := w.expect("/accounts/bob@localhost",
		"online with 1 session.", "desk", "Created", "by cli root@host", "Password changed",
		"A login failed from 203.0.113.9:1234 with PLAIN: not-authorized.", "phone was resumed on connector c1 from 198.51.100.1:40000.",
		"phone ended on connector c1: an administrator ended it: spam, by carol@localhost.",
		"2 sessions as a table", "kicked, by carol@localhost", "Where it logs in from", "198.51.100.120", "203.0.113.901", "192.0.2.720",
		"whom it sees, and why",
	)
	for shape, n := range map[string]int{`class="bar-available"`: 2 + 1, `class="bar-detached"`: 1 + 1, `class="bar-connected"`: 2 + 1, `class="mark-bad"`: 1 + 2 + 3, `class="end"`: 1 + 2} {
		if got := strings.Count(body, shape); got != n {
			t.Errorf("%s is drawn %d times, not %d", shape, got, n)
		}
	}
	w.followLinks("/accounts/bob@localhost")
}

func TestAnAccountOfWhichNothingIsKnownSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.expect("/accounts/nobody@localhost", "The log has no events of an account with this name")
	must(t, w.store.Create(t.Context(), events.StoredJID("bob@localhost"), "a password"))
	w.login("bob@localhost", "phone", "192.0.2.7:5222")
	w.expect("/accounts/bob@localhost?since=-2d&until=-1d", "Nothing happened to this account in this span. Its latest event was at")
	w.followLinks("/accounts/bob@localhost?since=-2d&until=-1d")
	w.followLinks("/accounts/bob@localhost?since=all")
	for query, field := range map[string]string{"since=then": "since", "until=never": "until", "since=-1h&until=-2h": "since", "since=2099-01-01T00:00:00Z": "since"} {
		if got := w.reader().get("/accounts/bob@localhost?" + query); got.status != 400 || !strings.Contains(got.body, `id="wrong-`+field+`"`) {
			t.Errorf("%s: %d %s", query, got.status, text(got.body))
		}
	}
	if got := w.reader().get("/accounts/localhost"); got.status != 400 || !strings.Contains(text(got.body), "user@domain") {
		t.Errorf("%d %s", got.status, text(got.body))
	}
}

func TestADisabledAccountIsCalledSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bobsDay()
	w.act("bob@localhost", session.DisableAccount{Text: "spam", By: "carol@localhost"})
	w.expect("/accounts/bob@localhost", "disabled since", ", until it is enabled: spam, by carol@localhost.", "Not online.")
	w.act("bob@localhost", session.DisableAccount{Text: "spam", By: "carol@localhost", Until: time.Date(2099, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano()})
	w.expect("/accounts/bob@localhost", ", until 2099-01-02 03:04:05: spam, by carol@localhost.")
	w.act("bob@localhost", session.EnableAccount{By: "carol@localhost"})
	if read := text(w.page("/accounts/bob@localhost")); strings.Contains(read, "disabled since") {
		t.Error(read)
	}
	w.act("bob@localhost", session.RemoveAccount{By: "carol@localhost"})
	w.expect("/accounts/bob@localhost", "removed at")
}

// A session that began before the span is in it from where the span begins.
func TestALaneBeginsWhereTheSpanDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.login("bob@localhost", "phone", "192.0.2.7:5222")
	since := time.Now().UTC().Format(time.RFC3339Nano)
	w.act("bob@localhost", session.BecomeAvailable{Session: id, Stanza: "<presence/>"})
	w.expect("/accounts/bob@localhost?since="+since, "1 session as a table", "phone is available")
	if body := w.page("/accounts/bob@localhost?since=" + since); strings.Contains(text(body), "A client logged in") || strings.Count(body, `class="bar-connected"`) != 2 {
		t.Error(text(body))
	}
}

// A page reads no more events than it can show, and says where the others are.
func TestAnAccountWithVeryManyEventsIsToldInPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const bob = "bob@localhost"
	must(t, w.store.Create(t.Context(), events.StoredJID(bob), "a password"))
	id := w.login(bob, "phone", "192.0.2.7:5222")
	for i := range 5010 {
		_, _, err := w.write.Do(t.Context(), events.StoredJID(bob), events.ConnID{}, session.BecomeAvailable{Session: id, Priority: int8(i % 100), Stanza: "<presence/>"})
		must(t, err)
	}
	w.known()
	body := w.expect("/accounts/"+bob, "There are more events in this span than a page shows: these are the first 5,000, up to", "Later ones", "The 4,800 earlier ones")
	if n := strings.Count(body, "<tr id="); n != 200 {
		t.Errorf("%d events are listed", n)
	}
	if len(body) > 300<<10 {
		t.Errorf("the page has %d bytes", len(body))
	}
	after := regexp.MustCompile(`href="([^"]*)">Later ones`).FindStringSubmatch(body)
	w.expect(html.UnescapeString(after[1]), "phone is available with priority 9.")
}
