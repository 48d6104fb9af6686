package export

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Columns are added at the end, with names or without: readers of older files find the others
// where they were.
func TestTheRoleOfASessionIsExported(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		w := newWorld(t)
		id := events.SessionID(w.id(1))
		w.append("alice@localhost", id, events.Authenticated{Mechanism: "PLAIN", Role: "helper"})
		w.append("alice@localhost/phone", id, events.Bound{Role: "helper"})
		w.later(time.Hour)
		w.append("alice@localhost/phone", id, events.RoleTaken{Role: "guest"})
		w.append("alice@localhost", events.SessionID{}, events.RoleChanged{Role: "admin", Was: "helper"})
		w.append("alice@localhost/phone", id, events.Closed{Reason: events.ReasonClient})
		old := events.SessionID(w.id(2)) // of before there were roles
		w.append("bob@localhost", old, events.Authenticated{Mechanism: "PLAIN"})
		w.append("bob@localhost/desk", old, events.Closed{Reason: events.ReasonClient})
		late := events.SessionID(w.id(3)) // that is known by what it has become
		w.append("carol@localhost/tab", late, events.Refreshed{Role: "guest"})
		w.append("carol@localhost/tab", late, events.Closed{Reason: events.ReasonClient})
		w.later(2 * time.Hour)
		dir := t.TempDir()
		w.run(dir, func(c *Config) { c.Names = named })
		for part, want := range map[string][]string{
			"/events/class=session/": {"authenticated helper", "bound helper", "role_taken guest", "closed <nil>", "authenticated <nil>", "closed <nil>", "refreshed guest", "closed <nil>"},
			"/events/class=account/": {"role_changed admin"},
			"/sessions/":             {"<nil> helper", "<nil> <nil>", "<nil> <nil>"},
			"/online/":               {"<nil> helper"},
			"/logins/":               {"<nil> helper", "<nil> <nil>"},
		} {
			var got []string
			for _, r := range rows(t, dir, part) {
				got = append(got, fmt.Sprint(r["type"], " ", r["role"]))
			}
			if !slices.Equal(got, want) {
				t.Errorf("names: %t: %s has %q, want %q", named, part, got, want)
			}
		}
	}
	for _, dataset := range []struct {
		columns []column
		last    string
	}{
		{eventColumns, "text role lost lost_epoch"}, {sessionColumns, "text role jid_tag"},
		{onlineColumns, "resource role"}, {loginColumns, "account role"},
	} {
		var names []string
		for _, c := range dataset.columns {
			names = append(names, c.name)
		}
		if all := strings.Join(names, " "); !strings.HasSuffix(all, " "+dataset.last) {
			t.Errorf("the last columns of %s are not %s", all, dataset.last)
		}
	}
}
