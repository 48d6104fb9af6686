package web_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/bans"
)

// ends are the ends of an account's sessions in the log.
func (w *world) ends(account string) (list []string) {
	w.t.Helper()
	for st, err := range w.bus.Log().Read(w.t.Context(), events.Range{Account: events.StoredJID(account)}) {
		must(w.t, err)
		if e, ok := st.Event.(events.Closed); ok {
			list = append(list, fmt.Sprintf("%s %s %q by %s", st.JID.Resource(), e.Reason, e.Text, e.By))
		}
	}
	return list
}

// audited are the entries of the audit about changes.
func (w *world) audited() (list []string) {
	w.t.Helper()
	for e, err := range w.bus.Audit().Read(w.t.Context(), time.Time{}, time.Time{}) {
		must(w.t, err)
		one, err := access.Open(e.Seq, e.At, e.Data)
		must(w.t, err)
		if !strings.HasPrefix(one.Did, "GET ") && !strings.HasSuffix(one.Did, "/v1/token") {
			list = append(list, fmt.Sprintf("%s: %s of %s from %s", one.By, one.Did, one.About, one.From))
		}
	}
	return list
}

// reads waits until the pages know a session.
func (w *world) reads(b *browser, id events.SessionID) {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); b.get("/v1/sessions/"+id.String()).status != 200; {
		if time.Now().After(end) {
			w.t.Fatal("the session is not known")
		}
	}
}

func wantList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestASessionIsEndedAfterAQuestionByWhoeverIsLoggedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	phone, laptop := w.comes("bob@localhost", "phone"), w.comes("bob@localhost", "laptop")
	b := w.loggedIn("operator")
	w.reads(b, laptop)
	at := "/sessions/" + phone.String() + "/end"
	form := b.get(at)
	form.shows(t, 200, "End the session of bob@localhost/phone?")
	if got := w.ends("bob@localhost"); len(got) != 0 {
		t.Fatalf("the question alone has ended %q", got)
	}
	long := b.post(at, url.Values{"reason": {strings.Repeat("x", 1001)}})
	long.shows(t, 400, `id="wrong-reason"`)
	done := b.post(at, url.Values{"reason": {" at noon "}})
	done.goesTo(t, "/sessions/"+phone.String())
	wantList(t, "ended", w.ends("bob@localhost"), `phone kicked "at noon" by token web:operator@host`)
	wantList(t, "on record", w.audited(), "token web:operator@host: DELETE /v1/sessions/{id} of bob@localhost from 127.0.0.1")
	again := b.get(at)
	again.shows(t, 200, "has ended already")
	b.post(at, nil)
	if got := w.ends("bob@localhost"); len(got) != 1 {
		t.Errorf("ended %q", got)
	}
	none := b.get("/sessions/x/end")
	none.shows(t, 400, "26 characters")
}

func TestAnAccountIsKeptOutAndLetInAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.store.Create(t.Context(), events.StoredJID("bob@localhost"), "secret"))
	b := w.loggedIn("operator")
	disabled := func() bool {
		c, err := w.store.Credentials(t.Context(), events.StoredJID("bob@localhost"))
		must(t, err)
		return c.DisabledAt(time.Now())
	}
	id := w.comes("bob@localhost", "phone")
	w.reads(b, id)
	a := b.post("/sessions/"+id.String()+"/end", url.Values{"for": {"soon"}})
	a.shows(t, 400, `id="wrong-for"`)
	a = b.post("/sessions/"+id.String()+"/end", url.Values{"for": {"1h"}, "reason": {"spam"}})
	a.goesTo(t, "/sessions/"+id.String())
	if got := w.ends("bob@localhost"); len(got) != 1 || !disabled() {
		t.Errorf("ended %q, and it may log in", got)
	}
	a = b.post("/accounts/bob@localhost/enable", nil)
	a.goesTo(t, "/accounts/bob@localhost")
	if disabled() {
		t.Error("it is still disabled")
	}
	a = b.post("/accounts/bob@localhost/disable", url.Values{"reason": {"spam"}})
	a.goesTo(t, "/accounts/bob@localhost")
	if !disabled() {
		t.Error("it is not disabled")
	}
	a = b.get("/accounts/bob@localhost")
	a.shows(t, 200, `href="/accounts/bob@localhost/enable"`)
	a = b.post("/accounts/nobody@localhost/disable", nil)
	a.shows(t, 404, "nobody@localhost")
}

func TestAllSessionsOfAnAccountAreEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.comes("bob@localhost", "phone")
	w.reads(w.loggedIn("reader"), w.comes("bob@localhost", "laptop"))
	a := w.loggedIn("operator").post("/accounts/bob@localhost/end", nil)
	a.goesTo(t, "/accounts/bob@localhost")
	if got := w.ends("bob@localhost"); len(got) != 2 {
		t.Errorf("ended %q", got)
	}
}

// A ban that is rarely meant is explained, and can be forced then.
func TestNetworksAreBannedAndBansLifted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.loggedIn("operator")
	banned := func() (list []string) {
		all, err := bans.List(t.Context(), w.bus.Bans())
		must(t, err)
		for _, one := range all {
			list = append(list, fmt.Sprintf("%s by %s", one.Network, one.By))
		}
		return list
	}
	form := b.get("/bans/add?network=192.0.2.7")
	form.shows(t, 200, `value="192.0.2.7"`)
	if strings.Contains(form.body, `name="force"`) {
		t.Error("it is offered to force it")
	}
	bad := b.post("/bans/add", url.Values{"network": {"here"}})
	bad.shows(t, 400, `id="wrong-network"`)
	wide := b.post("/bans/add", url.Values{"network": {"0.0.0.0/0"}})
	wide.shows(t, 400, `type="checkbox" name="force"`)
	wantList(t, "banned", banned())
	a := b.post("/bans/add", url.Values{"network": {"192.0.2.7"}, "for": {"1h"}, "reason": {"flood"}})
	a.goesTo(t, "/bans")
	a = b.post("/bans/add", url.Values{"network": {"10.0.0.0/7"}, "force": {"true"}})
	a.goesTo(t, "/bans")
	list := b.get("/bans")
	list.shows(t, 200, "flood")
	list.shows(t, 200, `href="/bans/lift?network=192.0.2.7%2F32"`)
	ask := b.get("/bans/lift?network=192.0.2.7%2F32")
	ask.shows(t, 200, "Lift the ban of 192.0.2.7/32?")
	a = b.post("/bans/lift?network=192.0.2.7%2F32", url.Values{"network": {netip.MustParsePrefix("192.0.2.7/32").String()}})
	a.goesTo(t, "/bans")
	wantList(t, "banned", banned(), "10.0.0.0/7 by token web:operator@host")
	again := b.post("/bans/lift?network=192.0.2.7%2F32", url.Values{"network": {"192.0.2.7/32"}})
	again.shows(t, 404, `role="alert"`)
}

// Whoever may not do something is not offered it, and does not do it by its form either.
func TestActionsAreForWhoeverMayDoThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.store.Create(t.Context(), events.StoredJID("bob@localhost"), "secret"))
	id := w.comes("bob@localhost", "phone")
	paths := []string{"/sessions/" + id.String() + "/end", "/accounts/bob@localhost/end", "/accounts/bob@localhost/disable", "/accounts/bob@localhost/enable", "/bans/add", "/bans/lift?network=192.0.2.0%2F24"}
	for _, as := range []string{"reader", "auditor"} {
		b := w.loggedIn(as)
		w.reads(b, id)
		for _, path := range paths {
			for _, method := range []string{"GET", "POST"} {
				a := b.do(method, path, url.Values{"network": {"192.0.2.0/24"}})
				a.shows(t, 403, "This needs the scope")
			}
		}
		for _, path := range []string{"/sessions", "/sessions/" + id.String(), "/accounts/bob@localhost"} {
			if page := b.get(path); page.status != 200 || strings.Contains(page.body, `href="/bans`) || strings.Contains(page.body, "End ") || strings.Contains(page.body, "Disable…") {
				t.Errorf("%s is offered what it may not on %s: %s", as, path, page.body)
			}
		}
	}
	stranger := w.browser().post(paths[0], nil)
	stranger.goesTo(t, "/login?next="+url.QueryEscape(paths[0]))
	for _, as := range []string{"operator", "admin"} {
		b := w.loggedIn(as)
		for _, path := range paths {
			evil := b.with("Sec-Fetch-Site", "cross-site").post(path, nil)
			evil.shows(t, 403, "another origin")
			a := b.get(path)
			a.shows(t, 200, `<button class="danger">`)
		}
		page := b.get("/sessions")
		page.shows(t, 200, `href="/bans"`)
		page = b.get("/sessions/" + id.String())
		page.shows(t, 200, `href="/sessions/`+id.String()+`/end"`)
		page.shows(t, 200, `href="/bans/add?network=192.0.2.7"`)
		page = b.get("/accounts/bob@localhost")
		page.shows(t, 200, `href="/accounts/bob@localhost/end"`)
		page.shows(t, 200, `href="/accounts/bob@localhost/disable"`)
	}
	wantList(t, "ended", w.ends("bob@localhost"))
	wantList(t, "on record", w.audited())
}

// comes begins and binds a session.
func (w *world) comes(account, resource string) events.SessionID {
	w.t.Helper()
	info, err := w.bus.Log().Info(w.t.Context())
	must(w.t, err)
	id := events.NewSessionID(time.Now())
	for _, c := range []session.Command{
		session.Authenticate{Session: id, Address: "192.0.2.7:5222", Mechanism: "SCRAM-SHA-256", AsOf: info.Last},
		session.Bind{Session: id, Resource: resource},
	} {
		_, _, err := w.write.Do(w.t.Context(), events.StoredJID(account), events.ConnID{}, c)
		must(w.t, err)
	}
	return id
}
