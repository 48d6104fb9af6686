package web_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestASessionSaysWhyItEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kicked, second := w.bobsDay()
	path := "/sessions/" + kicked.String()
	w.expect(path, "Session of bob@localhost/phone", "Ended at", "an administrator ended it: spam, by carol@localhost.",
		"Reasonkicked", "A client logged in on connector c1 from 192.0.2.7:5222", "phone is available with priority 5.", "waits until")
	body := w.page(path + "?account=bob@localhost")
	if strings.Contains(body, "data-live") {
		t.Error("a session that has ended is live")
	}
	if !strings.Contains(body, `href="/accounts/carol@localhost"`) {
		t.Error("whoever ended it is not linked to")
	}
	w.expect("/sessions/"+second.String(), "connected: it has bound a resource", "The session began", "Endednot yet")
	for _, view := range []string{"", "?view=compact", "?view=timeline", "?view=json"} {
		w.followLinks(path + view)
	}
	if body := w.expect(path+"?view=json", `"specversion": "1.0"`); strings.Contains(body, "<svg") {
		t.Error("JSON is drawn")
	}
	if body := w.expect(path+"?view=timeline", "presence available"); strings.Count(body, `class="bar-detached"`) != 1+1 {
		t.Errorf("the timeline is %s", text(body))
	}
}

// From a session one goes on to those that its account began before and after it.
func TestASessionLeadsToThoseAroundIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.login("bob@localhost", "a", "192.0.2.7:5222")
	w.login("alice@localhost", "a", "192.0.2.7:5222")
	second := w.login("bob@localhost", "b", "192.0.2.7:5222")
	link := func(id events.SessionID, rel string) string {
		return `<a href="/sessions/` + id.String() + `?account=bob%40localhost" rel="` + rel + `"`
	}
	if body := w.page("/sessions/" + first.String()); !strings.Contains(body, link(second, "next")) || strings.Contains(body, `rel="prev"`) {
		t.Error(body)
	}
	if body := w.page("/sessions/" + second.String()); !strings.Contains(body, link(first, "prev")) || strings.Contains(body, `rel="next"`) {
		t.Error(body)
	}
}

func TestASessionThatWaitedInVainSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.login("bob@localhost", "phone", "192.0.2.7:5222")
	w.act("bob@localhost", session.EnableStreamManagement{Session: id, Resumable: true, Max: 300, TokenHash: "hash"},
		session.Detach{Session: id, Reason: events.ReasonConnectionLost, Now: time.Now().UnixNano()})
	w.expect("/sessions/"+id.String(), "detached: its connection is lost")
	w.act("bob@localhost", session.Close{Session: id, Reason: events.ReasonTimeout})
	body := w.expect("/sessions/"+id.String(), "Cut off at", "its connection was lost at", "and it was not resumed by")
	if strings.Contains(text(body), "T") && strings.Contains(text(body), "Z (connection_lost)") {
		t.Error("the sentence has a time that is not in the page's zone")
	}
}

func TestASessionThatReplacedAnotherIsLinkedTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.login("bob@localhost", "phone", "192.0.2.7:5222")
	successor := w.login("bob@localhost", "phone", "192.0.2.8:5222")
	body := w.expect("/sessions/"+old.String(), "another client took the same full JID, the session "+successor.String())
	if !strings.Contains(body, `<a href="/sessions/`+successor.String()+`">`) {
		t.Error("it is no link")
	}
}

func TestASessionThatIsNotThereSaysWhereTheLogBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login("bob@localhost", "phone", "192.0.2.7:5222")
	if got := w.reader().get("/sessions/01JQ5K7V5E0000000000000000"); got.status != 404 || !strings.Contains(text(got.body), "begins with record 1") {
		t.Errorf("%d %s", got.status, text(got.body))
	}
	if got := w.reader().get("/sessions/bob"); got.status != 400 || !strings.Contains(text(got.body), "26 characters") {
		t.Errorf("%d %s", got.status, text(got.body))
	}
}

// Durations are written in one way, whoever writes them.
func TestDurationsAreWrittenInOneWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kicked, _ := w.bobsDay()
	clock := regexp.MustCompile(`\b\d+[hm]\d+[ms]`)
	for _, path := range []string{"/accounts/bob@localhost", "/sessions/" + kicked.String()} {
		if other := clock.FindString(text(w.expect(path, "may be resumed for 5 min."))); other != "" {
			t.Errorf("%s has %s", path, other)
		}
	}
}
