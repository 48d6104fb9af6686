package ask

import (
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

func TestAContactIsShownOnlineIfItIsAndItsPresenceIsSubscribedTo(t *testing.T) {
	t.Parallel()
	alice, bob := events.StoredJID("alice@localhost"), events.StoredJID("bob@localhost")
	silent, available := query.Session{Connector: "c1"}, query.Session{Connector: "c1", Available: true}
	for _, c := range []struct {
		name         string
		item         roster.Item
		listed       bool
		sessions     []query.Session
		online       int // by how many sessions
		reason       string
		subscription string
	}{
		{"online", roster.Item{JID: bob, Subscription: roster.Both}, true, []query.Session{available, silent, available}, 2, "available sessions", "both"},
		{"one way is enough", roster.Item{JID: bob, Subscription: roster.To}, true, []query.Session{available}, 1, "available sessions", "to"},
		{"the other way is none", roster.Item{JID: bob, Subscription: roster.From}, true, []query.Session{available}, 0, "not subscribed", "from"},
		{"it has not answered", roster.Item{JID: bob, Ask: true}, true, []query.Session{available}, 0, "no answer yet", "none"},
		{"a stranger", roster.Item{JID: bob}, false, []query.Session{available}, 0, "not in the roster", "none"},
		{"without presence", roster.Item{JID: bob, Subscription: roster.Both}, true, []query.Session{silent, silent}, 0, "2 sessions without presence", "both"},
		{"away", roster.Item{JID: bob, Subscription: roster.Both}, true, nil, 0, "no session", "both"},
		{"oneself", roster.Item{JID: alice}, false, []query.Session{available}, 1, "available sessions", "none"},
	} {
		v := explainContact(alice, c.item, c.listed, c.sessions)
		if v.Online != (c.online > 0) || len(v.Sessions) != c.online || !strings.Contains(v.Reason, c.reason) || v.Subscription != c.subscription {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}
