package export

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The role is the last column of each dataset, with names or without: readers of older files
// find the others where they were.
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
	for name, columns := range map[string][]column{"events": eventColumns, "sessions": sessionColumns, "online": onlineColumns, "logins": loginColumns} {
		if last := columns[len(columns)-1]; last.name != "role" {
			t.Errorf("the last column of %s is %s", name, last.name)
		}
	}
}
