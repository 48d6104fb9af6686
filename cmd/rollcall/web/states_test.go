package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Each page calls a state what filters, the API and the command line call it, and says what
// that means.
func TestPagesHaveOneWordForAState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, hold(w, "c1", `{"c2s":"192.0.2.1:5222","domains":["localhost"]}`))
	in := map[string]events.SessionID{}
	for _, state := range []string{"available", "connected", "detached"} {
		in[state] = w.login("bob@localhost", state, "192.0.2.7:5222")
	}
	in["unbound"] = events.NewSessionID(time.Now())
	w.act("bob@localhost",
		session.BecomeAvailable{Session: in["available"], Stanza: "<presence/>"},
		session.EnableStreamManagement{Session: in["detached"], Resumable: true, Max: 300, TokenHash: "hash"},
		session.Detach{Session: in["detached"], Reason: events.ReasonConnectionLost, Now: time.Now().UnixNano()},
		session.Authenticate{Session: in["unbound"], Address: "192.0.2.7:1", Mechanism: "PLAIN", AsOf: w.known()})
	for state, id := range in {
		w.expect("/sessions/"+id.String(), state+": it")
	}
	for _, state := range query.States() {
		for _, path := range []string{"/sessions", "/accounts/bob@localhost"} {
			if body := w.page(path); in[state] != (events.SessionID{}) && !strings.Contains(body, ">"+state+"</span>") {
				t.Errorf("%s has no session that is %s", path, state)
			}
		}
		body := w.page("/sessions?state=" + state)
		if !strings.Contains(body, `<dt>`+state+`<dd>it`) {
			t.Errorf("the page of sessions does not say what %s means", state)
		}
		if n := strings.Count(body, `title="its`) + strings.Count(body, `title="it `); n < len(query.States()) {
			t.Errorf("%d of the states have titles", n)
		}
	}
	w.expect("/", "4 sessions online", "1 account online", "1 session detached")
	w.expect("/connectors/c1", "detached")
	for _, path := range []string{"/", "/sessions", "/accounts/bob@localhost", "/time", "/connectors", "/connectors/c1", "/sessions/" + in["detached"].String()} {
		for _, other := range []string{"waiting", "Waiting", "offline", "connected only"} {
			if read := text(w.page(path)); strings.Contains(read, other) {
				t.Errorf("%s says %s: %s", path, other, read)
			}
		}
	}
	if got := w.reader().get("/sessions?state=waiting"); got.status != 400 || !strings.Contains(text(got.body), `"waiting" is none; there are available, connected`) {
		t.Errorf("%d %s", got.status, text(got.body))
	}
}
