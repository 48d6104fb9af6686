package export

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestLoginsAreThoseThatFailedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fail("example.org", "alice", "192.0.2.77:1")
	w.fail("example.org", "mallory", "192.0.2.78:2")
	s := w.online("alice@example.org", "phone") // from 192.0.2.77
	w.fail("alice@example.org", "alice", "203.0.113.9:3")
	w.later(3 * time.Hour)
	dir := t.TempDir()
	r := w.run(dir)
	failed, ok := rows(t, dir, "/pre-"), rows(t, dir, "/logins/dt=2026-11-29/hour=17/0")
	failed = failed[:0]
	for _, row := range rows(t, dir, "/logins/") {
		if row["ok"] == false {
			failed = append(failed, row)
		}
	}
	if len(failed) != 3 || len(ok) != 1 || r.Connections != 6 {
		t.Fatalf("%+v: %v and %v", r, failed, ok)
	}
	if ok[0]["session"] != s.String() || ok[0]["who"] != whoIs(events.StoredJID("alice@example.org")).String() || ok[0]["ok"] != true {
		t.Errorf("the login is %v", ok[0])
	}
	if failed[0]["condition"] != "not-authorized" || failed[0]["network"] != "192.0.2.0/24" || failed[0]["mechanism"] != "PLAIN" {
		t.Errorf("one that failed is %v", failed[0])
	}
	name, address := ok[0]["name_tag"], ok[0]["address_tag"]
	if failed[0]["name_tag"] != name || failed[1]["name_tag"] == name || failed[2]["name_tag"] != name {
		t.Errorf("names %v, %v, %v and %v", name, failed[0]["name_tag"], failed[1]["name_tag"], failed[2]["name_tag"])
	}
	if failed[0]["address_tag"] != address || failed[1]["address_tag"] == address || failed[2]["address_tag"] == address {
		t.Errorf("addresses %v and %v", address, failed)
	}
	if said := fmt.Sprint(rows(t, dir, "")); strings.Contains(said, "mallory") || strings.Contains(said, "192.0.2.7") {
		t.Error("somebody is named")
	}
	if all := rows(t, dir, "class=connection"); len(all) != 6 || all[0]["type"] != "connected" || all[1]["type"] != "auth_failed" || all[1]["seq"] != int64(1) {
		t.Errorf("the connections are %v", all)
	}
}

// Tags of different months, and of different keys, can't be compared.
func TestATagIsOfAMonthAndAKey(t *testing.T) {
	t.Parallel()
	c := Config{Key: testKey}
	tags := newTagger(&c)
	day := int64(24 * time.Hour)
	of := func(days int64) string { return tags.tag("name", "alice@example.org", days*day) }
	if of(0) != of(30) || of(0) == of(31) || of(0) == tags.tag("address", "alice@example.org", 0) {
		t.Error(of(0), of(30), of(31))
	}
}

// Connections that were forgotten before they were exported are missing; those that
// a directory has stay.
func TestConnectionsThatWereForgottenAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.online("alice@example.org", "phone")
	for range 3 {
		w.fail("example.org", "alice", "192.0.2.77:1")
	}
	w.later(2 * time.Hour)
	dir := t.TempDir()
	w.run(dir)
	for range 4 {
		w.fail("example.org", "alice", "192.0.2.77:1")
	}
	w.pre = w.pre[2*5:] // messages 1 to 5
	w.later(2 * time.Hour)
	w.run(dir)
	c, err := Check(t.Context(), dir, Trust{})
	if err != nil || len(c.Faults) > 0 || c.Missing != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	if n := len(rows(t, dir, "class=connection")); n != 2*5 {
		t.Errorf("%d rows", n)
	}
}
