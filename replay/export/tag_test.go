package export

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// An export tells without names which session took the resource of which: two sessions of one full JID have one
// tag, whatever ended them, and a session that never had a resource has none.
func TestSessionsOfOneFullJIDHaveOneTag(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		w := newWorld(t)
		first, second := w.online("alice@localhost", "phone"), w.online("alice@localhost", "phone")
		other := w.online("alice@localhost", "desk")
		w.later(2 * time.Hour) // so that their files are closed, and what is kept of the rest is read again
		w.append("bob@localhost", events.SessionID{}, events.AccountCreated{})
		dir := t.TempDir()
		w.run(dir, func(c *Config) { c.Names = named })
		w.append("alice@localhost/phone", second, events.Closed{Reason: events.ReasonClient})
		w.append("alice@localhost/desk", other, events.Closed{Reason: events.ReasonClient})
		never := events.SessionID(w.id(77))
		w.append("alice@localhost", never, events.Authenticated{Mechanism: "PLAIN"})
		w.append("alice@localhost", never, events.Closed{Reason: events.ReasonTimeout})
		w.later(2 * time.Hour)
		w.run(dir, func(c *Config) { c.Names = named })
		tags := map[any]any{}
		for _, r := range rows(t, dir, "/sessions/") {
			tags[r["session"]] = r["jid_tag"]
		}
		phone, desk := tags[first.String()], tags[other.String()]
		if len(tags) != 4 || phone == nil || tags[second.String()] != phone || desk == nil || desk == phone || tags[never.String()] != nil {
			t.Errorf("names: %t: tags are %v", named, tags)
		}
		if tag, _ := phone.(string); strings.Contains(tag, "phone") || len(tag) != 2*tagBytes {
			t.Errorf("the tag is %v", phone)
		}
	}
}

// A record that a connector was lost is another one's.
func TestWhichConnectorWasLostIsExported(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		w := newWorld(t)
		w.append(events.Connectors.String(), events.SessionID{}, events.ConnectorLost{Lost: events.Incarnation{Name: "c2", Epoch: 41}})
		w.append(events.Connectors.String(), events.SessionID{}, events.ConnectorStarted{})
		w.later(2 * time.Hour)
		dir := t.TempDir()
		w.run(dir, func(c *Config) { c.Names = named })
		all := rows(t, dir, "/events/class=connector/")
		if len(all) != 2 || all[0]["lost"] != "c2" || all[0]["lost_epoch"] != int64(41) || all[0]["connector"] == "c2" {
			t.Fatalf("names: %t: the rows are %v", named, all)
		}
		if all[1]["lost"] != nil || all[1]["lost_epoch"] != nil {
			t.Errorf("names: %t: a start has lost %v", named, all[1])
		}
	}
}
