package api_test

import (
	"net/url"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A zip has the name of its account, of which nothing is told to a file system or a header.
func TestAZipIsNamedAfterItsAccount(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for account, want := range map[string]string{
		"alice@localhost": "alice@localhost.zip", "é;m@localhost": "__m@localhost.zip", "..x@localhost": "x@localhost.zip",
	} {
		must(t, s.accounts.Create(t.Context(), events.StoredJID(account), "secret"))
		status, header, body := s.get(s.token, "/v1/accounts/"+url.PathEscape(account)+"/export")
		if got := header.Get("Content-Disposition"); status != 200 || got != `attachment; filename="`+want+`"` {
			t.Errorf("%s: %d %.200q is named %s", account, status, body, got)
		}
	}
}
