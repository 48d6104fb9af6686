package web

import (
	"net/url"
	"strings"
	"testing"
)

// A list of sessions counts the events of its sessions. Where it can't know which those are,
// it counts none.
func TestAListOfSessionsCountsWhatItShows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		asked           sessionQuery
		account, filter string
		counts          string
	}{
		{sessionQuery{}, "", "", "change"},
		{sessionQuery{Account: "bob@localhost"}, "bob@localhost", "", "change"},
		{sessionQuery{Filter: "account:bob@localhost -resource:phone*"}, "", "account:bob@localhost -resource:phone*", "change"},
		{sessionQuery{Filter: `resource:"my phone"`}, "", `resource:"my phone"`, "change"},
		{sessionQuery{Filter: `resource:"a\" state:lost"`}, "", `resource:"a\" state:lost"`, "change"},
		{sessionQuery{Filter: `account:bob@localhost state:lost`}, "", "account:bob@localhost", ""},
		{sessionQuery{Filter: `resource:my\ phone duration:>1h`}, "", `resource:my\ phone`, ""},
		{sessionQuery{State: "detached"}, "", "", ""},
		{sessionQuery{Connector: "c1"}, "", "", ""},
		{sessionQuery{Filter: "-role:member"}, "", "", ""},
	} {
		live, counts := c.asked.following()
		query, err := url.ParseQuery(strings.TrimPrefix(live, "?"))
		if err != nil {
			t.Fatal(err)
		}
		if query.Get("account") != c.account || query.Get("filter") != c.filter || counts != c.counts || query.Get("type") != changing {
			t.Errorf("%+v: %s, counts %q", c.asked, live, counts)
		}
	}
}
