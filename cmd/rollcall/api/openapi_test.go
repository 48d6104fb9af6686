package api_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
)

// The OpenAPI document names the routes that there are, and no others.
func TestTheDescriptionHasEveryRoute(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, _, body := s.get("", "/v1/openapi.json")
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Security   []map[string][]string
			Parameters []struct{ Name, In string }
			Responses  map[string]any
		}
	}
	must(t, json.Unmarshal([]byte(body), &doc))
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("it is OpenAPI %s", doc.OpenAPI)
	}
	described := map[string]bool{"GET /livez": true, "GET /readyz": true, "GET /metrics": true} // the monitor's
	for path, methods := range doc.Paths {
		for method, operation := range methods {
			pattern := strings.ToUpper(method) + " " + strings.Replace(path, "{file}", "{file...}", 1)
			i := slices.IndexFunc(api.Routes, func(r api.Route) bool { return r.Pattern == pattern })
			if i < 0 && !described[pattern] {
				t.Errorf("%s is described, and is not there", pattern)
			}
			described[pattern] = true
			if i >= 0 && (api.Routes[i].Scope != "") != (len(operation.Security) > 0) {
				t.Errorf("%s: who may ask is described otherwise", pattern)
			}
		}
	}
	for _, r := range api.Routes {
		if !described[r.Pattern] {
			t.Errorf("%s is not described", r.Pattern)
		}
		method, path, _ := strings.Cut(r.Pattern, " ")
		if r.Scope == "" {
			continue
		}
		answer := s.do(t.Context(), method, s.token, addressed(path, "", "frobnicate=1"))
		body := textOf(t, answer)
		taken := regexp.MustCompile(`there are ([a-z_, ]+)`).FindStringSubmatch(body)
		if taken == nil {
			t.Fatalf("%s: %s", path, body)
		}
		var got []string
		for _, p := range doc.Paths[path][strings.ToLower(method)].Parameters {
			if p.In == "query" {
				got = append(got, p.Name)
			}
		}
		want := strings.Split(taken[1], ", ")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s is described with %q, and takes %q", path, got, want)
		}
	}
}
