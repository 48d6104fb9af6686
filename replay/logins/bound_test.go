package logins_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/logins"
)

// Where the newest come first, what is looked at once Go has said no is bounded: also of
// accounts that are so many, or have logged in so often, that their records are most of
// the log.
func TestFewRecordsAreLookedAtWhenThatIsEnough(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 17 {
		names = append(names, fmt.Sprintf("u%d@localhost", i))
	}
	for text, account := range map[string]events.JID{
		"account:" + strings.Join(names, ","): bob,
		"account:alice@localhost":             alice,
	} {
		w := newWorld(1, 1)
		for seq := events.Seq(2); seq < 100_000; seq++ {
			w.add(&w.log, seq, 0, events.Authenticated{}).JID = account
		}
		source, looked := logins.Source{Log: &w.log, Pre: &w.pre}, 0
		r, err := source.Open(t.Context(), logins.Question{Filter: parsed(t, text+" type:authenticated agent:x"), Newest: true, Go: func() bool {
			looked++
			return looked < 22_000
		}})
		if err != nil {
			t.Fatal(err)
		}
		for st, err := range r.All() {
			t.Fatalf("there is %v, %v", st, err)
		}
		if r.Close(); looked > 22_000+50_000 || r.Complete() {
			t.Errorf("%.30s: %d records were looked at, complete: %v", text, looked, r.Complete())
		}
	}
}
