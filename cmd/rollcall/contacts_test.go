package main

import (
	"strings"
	"testing"
	"time"

	"rollcall/events"
	"rollcall/projector/query"
	"rollcall/session/roster"
)

func parsed(t *testing.T, s string) events.JID {
	t.Helper()
	j, err := events.ParseJID(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestAContactIsShownOnlineIfItIsAndItsPresenceIsSubscribedTo(t *testing.T) {
	t.Parallel()
	alice, bob := parsed(t, "alice@localhost"), parsed(t, "bob@localhost")
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

func TestWhySomebodyIsOnlineNamesTheConnectorTheTimeAndTheDoubt(t *testing.T) {
	t.Parallel()
	con := &console{zone: time.UTC}
	now := time.Date(2026, 1, 31, 14, 3, 7, 0, time.UTC)
	since, presence := query.Timestamp(now.Add(-time.Hour).UnixNano()), query.Timestamp(now.Add(-time.Minute).UnixNano())
	for want, s := range map[string]query.Session{
		"available on c1 since 14:02:07 UTC":                                          {Connector: "c1", Since: since, PresenceAt: presence},
		"available on c1 since 13:03:07 UTC; disconnected, may resume":                {Connector: "c1", Since: since, Detached: true},
		"available on c1 since 13:03:07 UTC; that connector is lost, so not for long": {Connector: "c1", Since: since, Lost: true, Detached: true},
	} {
		if got := because(con, &s, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
