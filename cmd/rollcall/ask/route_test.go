package ask

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// accountOf folds sessions written as "resource", "resource=priority" (which is
// available) or "resource=priority@connector" into an account.
func accountOf(t *testing.T, jid events.JID, sessions string) (a *session.Account) {
	t.Helper()
	seq := events.Seq(0)
	apply := func(id events.SessionID, of events.JID, connector string, e events.Event) {
		seq++
		a = session.Apply(a, &events.Stored{Seq: seq, At: int64(seq), Record: events.Record{
			Session: id, JID: of, Connector: events.Incarnation{Name: connector, Epoch: 1}, Event: e,
		}})
	}
	for word := range strings.FieldsSeq(sessions) {
		word, connector, elsewhere := strings.Cut(word, "@")
		if !elsewhere {
			connector = "c1"
		}
		resource, priority, available := strings.Cut(word, "=")
		id := events.NewSessionID(time.Now())
		full, err := jid.WithResource(resource)
		if err != nil {
			t.Fatal(err)
		}
		apply(id, jid, connector, events.Authenticated{})
		apply(id, full, connector, events.Bound{})
		if available {
			var p int8
			fmt.Sscan(priority, &p)
			apply(id, full, connector, events.PresenceAvailable{Priority: p, Stanza: "<presence/>"})
		}
	}
	return a
}

// TestRoutesSayWhy: what is decided is tested where it is, in session/delivery.
func TestRoutesSayWhy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ to, sessions, kind, want string }{
		{"bob@x", "", "chat", "store: no available resource: nobody is online (8.5.2.2)"},
		{"bob@x", "a b=5", "chat", "deliver b: highest priority 5: 1 of 1 available resource (8.5.2.1.1)"},
		{"bob@x", "a=-1", "normal", "store: only negative priorities: 1 available resource (8.5.2.2)"},
		{"bob@x", "a", "headline", "drop: no available resource: 1 session without presence (8.5.2.2)"},
		{"bob@x", "a=5@lost", "presence", "drop: no available resource: the connector of 1 session is lost (8.5.2.2)"},
		{"bob@x", "a=5@lost b=1", "chat", "deliver b: highest priority 1: 1 of 1 available resource (8.5.2.1.1)"},
		{"bob@x/a", "a", "iq", "deliver a: the connected resource of this full JID (8.5.3.1)"},
		{"bob@x/z", "a=1", "chat", "deliver a: no session has this JID; as to the account: highest priority 1: 1 of 1 available resource (8.5.2.1.1)"},
		{"bob@x/z", "a=1", "normal", "refuse service-unavailable: no session has this JID (8.5.3.2)"},
	} {
		to := events.StoredJID(tt.to)
		lost := func(i events.Incarnation) bool { return i.Name == "lost" }
		r := newRecipient(to, accountOf(t, to.Bare(), tt.sessions), true, lost)
		got := ""
		for _, v := range r.explain() {
			if v.Stanza == tt.kind {
				got = strings.TrimSpace(v.Action+" "+v.Error+targetNames(v)) + ": " + v.Reason
			}
		}
		if got != tt.want {
			t.Errorf("%s to %s with %q: %s, want %s", tt.kind, tt.to, tt.sessions, got, tt.want)
		}
	}
}

func targetNames(v Verdict) string {
	var names []string
	for _, to := range v.Targets {
		names = append(names, to.JID.Resource())
	}
	return strings.Join(names, ",")
}
