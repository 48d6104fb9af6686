package filter

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
)

func TestAFilterMeansTheSessionsOfWhichAllItsTermsHold(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	id := events.NewSessionID(began)
	s := &Stay{
		Session: &query.Session{
			ID: id.String(), JID: events.StoredJID("alice@localhost/phone"), Resource: "phone", Connector: "c2", Address: "192.0.2.7:1",
			Since: query.Timestamp(began.UnixNano()), Priority: -3, Available: true,
		},
		At: began.Add(2 * time.Hour), Reason: "kicked", Text: "maintenance at 8", By: "cli root@example",
	}
	for text, want := range map[string]bool{
		"": true, "account:alice@localhost": true, "account:bob@localhost": false, "session:" + id.String(): true,
		"-session:" + id.String(): false, "resource:ph*": true, "connector:c1,c2": true, "-connector:c2": false, "address:192.0.2.0/24": true,
		"state:available": true, "state:detached,lost": false, "priority:<0": true, "duration:>1h": true, "duration:>2h": false,
		"reason:kicked": true, "reason:client": false, "text:*maintenance*": true, "by:cli*": true, "by:token*": false, "resource:phone duration:<1m": false,
	} {
		f, err := ParseSessions(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if f.Has(s) != want {
			t.Errorf("%q means it: %v", text, !want)
		}
	}
}

func TestWhatASessionHasNotIsNotMeant(t *testing.T) {
	t.Parallel()
	s := &Stay{Session: &query.Session{JID: events.StoredJID("alice@localhost")}}
	for _, key := range []string{"session", "resource", "connector", "address", "priority", "reason", "text", "by"} {
		f, err := ParseSessions(key + ":*")
		if err != nil || f.Has(s) {
			t.Errorf("%s: %v, meant", key, err)
		}
	}
}

func TestEachStateIsOneOfTheStates(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]query.Session{
		"lost": {Lost: true}, "detached": {Detached: true}, "available": {Available: true}, "unbound": {}, "connected": {Resource: "phone"},
	} {
		if f, err := ParseSessions("state:" + want); err != nil || !f.Has(&Stay{Session: &s}) {
			t.Errorf("%+v is not %s: %v", s, want, err)
		}
	}
}

func TestWhatOnlyEventsHaveIsNoKeyOfSessions(t *testing.T) {
	t.Parallel()
	if _, err := ParseSessions("agent:gajim*"); err == nil || !strings.Contains(err.Error(), "agent: there is no such key; there are account, session, resource, connector,") {
		t.Error(err)
	}
}

func TestTheAccountThatAloneIsMeant(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "type:closed account:A@localhost": "a@localhost", "account:a@localhost state:lost": "a@localhost", "account:a@localhost,b@localhost": "",
		"-account:a@localhost": "", "account:*": "", "account:a@localhost frobnicate:x": "", "account:a@localhost,a@localhost": "a@localhost",
	} {
		if got := Account(text); got.String() != want {
			t.Errorf("of %q it is %q", text, got)
		}
	}
}
