package api_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// endpoint finds one by its name.
func endpoint(t testing.TB, name string) api.Endpoint {
	t.Helper()
	i := slices.IndexFunc(api.Endpoints, func(e api.Endpoint) bool { return e.Name == name })
	if i < 0 {
		t.Fatalf("there is no %s", name)
	}
	return api.Endpoints[i]
}

// grows is what an answer says otherwise a moment later.
var grows = regexp.MustCompile(`"duration_ms":[0-9]+`)

func TestWhatIsAskedOnNATSIsAnsweredAsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := s.login("alice@localhost", "one", "192.0.2.7:5222")
	s.login("bob@localhost", "two", "192.0.2.8:5222")
	for _, c := range []struct{ name, parameters, path string }{
		{"events.read", ``, "/v1/events"},
		{"events.read", `{"limit": 2, "after": 1, "type": "bound"}`, "/v1/events?limit=2&after=1&type=bound"},
		{"events.read", `{"filter": "account:alice@localhost", "order": "desc"}`, "/v1/events?filter=account%3Aalice%40localhost&order=desc"},
		{"sessions.list", `{}`, "/v1/sessions"},
		{"sessions.get", fmt.Sprintf(`{"id": %q}`, id), "/v1/sessions/" + id.String()},
		{"account.history", `{"jid": "alice@localhost"}`, "/v1/accounts/alice@localhost/history"},
		{"route.explain", `{"to": "bob@localhost"}`, "/v1/route?to=bob@localhost"},
		{"events.read", `{"limit": 0}`, "/v1/events?limit=0"},
		{"events.read", `{"color": true}`, "/v1/events?color=true"},
		{"account.history", `{"jid": "a/../../b?c=d"}`, "/v1/accounts/a%2F..%2F..%2Fb%3Fc=d/history"},
	} {
		status, body := s.server.Ask(t.Context(), endpoint(t, c.name), "Bearer "+s.token, []byte(c.parameters))
		want, _, wantBody := s.get(s.token, c.path)
		if status != want || grows.ReplaceAllString(string(body), "") != grows.ReplaceAllString(wantBody, "") {
			t.Errorf("%s %s: %d\n%s\nand over HTTP %d\n%s", c.name, c.parameters, status, body, want, wantBody)
		}
	}
}

func TestWhoeverAsksOnNATSNeedsATokenToo(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.login("alice@localhost", "one", "192.0.2.7:5222")
	s.login("bob@localhost", "two", "192.0.2.8:5222")
	own := s.add("own", "account:alice@localhost")
	s.await(own)
	for _, c := range []struct {
		token, name, parameters string
		want                    int
	}{
		{"", "events.read", ``, 401},
		{"Bearer rct_wrong", "events.read", ``, 401},
		{"Bearer " + own, "events.read", ``, 403},
		{"Bearer " + own, "account.history", `{"jid": "bob@localhost"}`, 403},
		{"Bearer " + own, "account.history", `{"jid": "alice@localhost"}`, 200},
		{"Bearer " + s.token, "account.history", ``, 400},
		{"Bearer " + s.token, "events.read", `[1]`, 400},
		{"Bearer " + s.token, "events.read", `{"limit": [1]}`, 400},
	} {
		status, body := s.server.Ask(t.Context(), endpoint(t, c.name), c.token, []byte(c.parameters))
		if status != c.want || !json.Valid(body) {
			t.Errorf("%s %s by %q: %d %s", c.name, c.parameters, c.token, status, body)
		}
	}
	var from []string
	for e, err := range s.bus.Audit().Read(t.Context(), time.Time{}, time.Time{}) {
		must(t, err)
		one, err := access.Open(e.Seq, e.At, e.Data)
		must(t, err)
		if one.By == "token own" && one.About.String() == "alice@localhost" {
			from = append(from, one.From)
		}
	}
	if !slices.Equal(from, []string{"nats"}) {
		t.Errorf("on record it is from %q", from)
	}
}

// Each is a route that gives one answer, and that whoever may ask over HTTP may ask.
func TestEndpointsAreRoutesThatEnd(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range api.Endpoints {
		i := slices.IndexFunc(api.Routes, func(r api.Route) bool { return r.Pattern == e.Pattern })
		if i < 0 || api.Routes[i].Scope == "" || !strings.HasPrefix(e.Pattern, "GET ") || seen[e.Name] || strings.Contains(e.Pattern, "stream") || strings.Contains(e.Pattern, "ndjson") {
			t.Errorf("%s is %s", e.Name, e.Pattern)
		}
		seen[e.Name] = true
	}
}
