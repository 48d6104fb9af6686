package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// leftOut are the places where JSON may leave keys out, and why.
var leftOut = map[string]string{
	"announcement.go":                 "a question to connectors",
	"api/problem.go":                  "RFC 9457 leaves members out",
	"ask/connectors.go":               "what connectors tell each other",
	"api/access/audit.go":             "stored; what is shown has all",
	"api/access/token.go":             "stored; what is shown has all",
	"rolewatch.go":                    "stored with the leases",
	"ask/drain.go":                    "an order to a connector",
	"drainorder.go":                   "a connector's answer to it",
	"../../projector/query/answer.go": "a question to projectors",
}

// Whoever reads answers may take each key as there: absent values are null.
func TestAnswersLeaveNoKeyOut(t *testing.T) {
	t.Parallel()
	tag := regexp.MustCompile("json:\"[a-z0-9_]+,omit(empty|zero)")
	for _, dir := range []string{".", "ask", "api", "api/access", "metrics", "../../projector/query"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if found := tag.Find(text); found != nil && !strings.HasSuffix(file, "_test.go") && leftOut[file] == "" {
				t.Errorf("%s: %s", file, found)
			}
		}
	}
}

// The objects that a verb prints have the same keys, whatever is known of each; none is an
// empty text.
func TestTheObjectsOfAVerbHaveTheSameKeys(t *testing.T) {
	t.Parallel()
	p := crowdedService(t)
	for _, line := range []string{
		"sessions", "sessions --since 1h", "user list", "names list", "contacts alice@localhost", "diff --from 1h", "connectors", "connectors --at 25",
		"token list", "feed list", "ban list", "audit", "log", "verify", "route alice@localhost", "user role alice@localhost",
		"stats logins", "stats durations", "stats connectors", "stats users", "stats agents",
	} {
		shown, _ := p.showsOn(t, 80, append(strings.Fields(line), "--json")...)
		var keys []string
		for object := range strings.Lines(shown) {
			var values map[string]any
			if err := json.Unmarshal([]byte(object), &values); err != nil {
				t.Fatalf("%s: %v: %s", line, err, object)
			}
			if values["figure"] == "covers" {
				continue // of another type
			}
			has := slices.Sorted(maps.Keys(values))
			if keys == nil {
				keys = has
			}
			if !slices.Equal(has, keys) || strings.Contains(object, `:""`) {
				t.Errorf("%s: %s, beside one with the keys %q", line, object, keys)
			}
		}
		if keys == nil {
			t.Errorf("%s: no objects", line)
		}
	}
}
