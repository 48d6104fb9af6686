package api_test

import (
	"cmp"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
)

// subjectOf is the parameter that names the account which a route's questions are about;
// "": they are about all.
func subjectOf(path string) string {
	switch path {
	case "/v1/table", "/v1/connectors", "/v1/stats/{name}", "/v1/stats/online", "/v1/log", "/v1/feeds", "/v1/overview", "/v1/accounts":
		return ""
	case "/v1/route":
		return "to"
	case "/v1/contacts":
		return "of"
	case "/v1/audit":
		return "about"
	}
	return "account"
}

// addressed is a path that asks about an account, or about all, or where that can't be about
// bob.
func addressed(path, account, query string) string {
	one := cmp.Or(account, "bob@localhost")
	switch name := subjectOf(path); {
	case strings.Contains(path, "{jid}"):
		path = strings.Replace(path, "{jid}", one, 1)
	case name == "to":
		query = "to=" + one + "&" + query
	case name == "of": // and whom it sees
		query = "of=" + one + "&who=" + one + "&" + query
	case path == "/v1/diff":
		query = "from=1&account=" + account + "&" + query
	case name != "" && account != "":
		query = name + "=" + account + "&" + query
	}
	return strings.Replace(path, "{name}", "fights", 1) + "?" + strings.TrimSuffix(query, "&")
}

// Every route is closed to whoever lacks its scope, and what is asked is on record.
func TestEveryRouteAsksForItsScopeAndIsOnRecord(t *testing.T) {
	t.Parallel()
	s := newService(t)
	sessions := map[string]events.SessionID{}
	for _, name := range []string{"alice", "bob"} {
		sessions[name+"@localhost"] = s.login(name+"@localhost", "phone", "192.0.2.7:5222")
		must(t, s.accounts.Create(t.Context(), events.StoredJID(name+"@localhost"), name))
	}
	tokens := map[string]string{}
	for name, scopes := range map[string]string{"reader": "read", "alice": "account:alice@localhost", "others": "kick,metrics,export,read:address,audit"} {
		tokens[name] = s.add(name, scopes)
		s.await(tokens[name])
	}
	for _, route := range api.Routes {
		method, path, _ := strings.Cut(route.Pattern, " ")
		if method != "GET" || route.Scope == access.Moderate || route.Scope == api.AnyToken {
			continue // TestKicksAskForTheirScope, TestModerationAsksForItsScope and TestATokenTellsOfItself have these
		}
		if route.Scope == "" {
			path = strings.Replace(path, "{file...}", "event.schema.json", 1)
			if status, _, _ := s.get("", path); status != 200 {
				t.Errorf("%s is for everybody, and the answer %d", path, status)
			}
			continue
		}
		ask := func(token, account, query string) (int, string) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			id := sessions[cmp.Or(account, "bob@localhost")].String()
			answer := s.request(ctx, token, strings.Replace(addressed(path, account, query), "{id}", id, 1))
			defer answer.Body.Close()
			head := make([]byte, 1000)
			n, _ := io.ReadAtLeast(answer.Body, head, 1)
			return answer.StatusCode, string(head[:n])
		}
		allowed := func(may bool) int {
			if may {
				return 200
			}
			return 403
		}
		aboutAll := subjectOf(path) == ""
		own := !aboutAll && route.Scope != access.Audit // a token for an account may ask it
		for _, c := range []struct {
			token, account, query string
			want                  int
		}{
			{"", "", "", 401}, {"rct_x_y", "", "", 401}, {tokens["alice"], "", "", 403},
			{tokens["reader"], "", "", allowed(route.Scope == access.Read)}, {tokens["others"], "", "", allowed(route.Scope != access.Read)},
			{tokens["alice"], "alice@localhost", "", allowed(own)}, {tokens["alice"], "bob@localhost", "", 403},
			{s.token, "", "", 200}, {s.token, "", "frobnicate=1", 400}, {s.token, "localhost", "", 400},
		} {
			if aboutAll && c.account == "localhost" {
				continue // it takes no account
			}
			if got, body := ask(c.token, c.account, c.query); got != c.want {
				t.Errorf("%s of %q with %s: %d %s, want %d", path, c.account, c.query, got, body, c.want)
			}
		}
		by, whom := "token alice", "alice@localhost"
		switch {
		case aboutAll:
			by, whom = "token reader", ""
		case !own:
			by, whom = "token others", ""
		}
		found := 0
		for e, err := range s.bus.Audit().Read(t.Context(), time.Time{}, time.Time{}) {
			must(t, err)
			one, err := access.Open(e.Seq, e.At, e.Data)
			must(t, err)
			if one.Did == route.Pattern && one.By == by && one.About.String() == whom && one.From == "127.0.0.1" {
				found++
			}
		}
		if (found > 0) != route.IsOnRecord() {
			t.Errorf("%s is on record %d times", route.Pattern, found)
		}
	}
	for _, path := range []string{"/v1/events?min_seq=1000000", "/v1/sessions?min_seq=1000000"} {
		began := time.Now()
		if status, _, _ := s.get("rct_x_y", path); status != 401 || time.Since(began) > 4*time.Second {
			t.Errorf("%s: %d after %s; nobody waits without a token", path, status, time.Since(began))
		}
	}
	if status, header, body := s.get("", "/v1/events"); status != 401 || header.Get("WWW-Authenticate") != "Bearer" || !strings.Contains(body, "rollcall token add") {
		t.Errorf("without a token: %d %s", status, body)
	}
}
