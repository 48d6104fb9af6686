package main

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
)

func leaseFor(t *testing.T, name string, epoch uint64, domains ...string) events.LeaseState {
	t.Helper()
	info, err := json.Marshal(ask.LeaseInfo{Domains: domains})
	if err != nil {
		t.Fatal(err)
	}
	return events.LeaseState{Incarnation: events.Incarnation{Name: name, Epoch: epoch}, Info: info}
}

func TestAConnectorTellsOfOthersThatServeOtherDomains(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	w := newDomainWatch("c1", []string{"a.example", "b.example"}, slog.New(slog.NewTextHandler(&out, nil)))
	for _, step := range []struct {
		hear  events.LeaseState
		alive bool
		tells string // nothing: ""
	}{
		{leaseFor(t, "c1", 1, "elsewhere.example"), true, ""}, // its own, of before
		{leaseFor(t, "c2", 2, "b.example", "a.example"), true, ""},
		{leaseFor(t, "c3", 3), true, ""}, // of a version that does not say
		{leaseFor(t, "c4", 4, "b.example", "c.example"), true, `connector=c4 difference="only here: a.example; only there: c.example"`},
		{leaseFor(t, "c2", 2, "b.example", "a.example"), true, ""}, // once more
		{leaseFor(t, "c4", 5, "b.example"), true, `connector=c4 difference="only here: a.example"`},
		{leaseFor(t, "c4", 4, "b.example", "c.example"), false, ""}, // which had ended before
		{leaseFor(t, "c4", 5, "b.example"), false, "all connectors serve the same domains now"},
		{leaseFor(t, "c2", 2), false, ""},
	} {
		out.Reset()
		w.hear(step.hear, step.alive)
		if got := out.String(); step.tells == "" && got != "" || !strings.Contains(got, step.tells) {
			t.Errorf("%s, alive: %t: it tells %q, want %q", step.hear.Incarnation, step.alive, got, step.tells)
		}
	}
}

func TestAConnectorTellsOfOthersWhoseUsersComeFromElsewhere(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	domains := []string{"a.example", "b.example"}
	w := newDomainWatch("c1", withUsers(domains, map[string]string{"a.example": "ldap"}), slog.New(slog.NewTextHandler(&out, nil)))
	for from, want := range map[string]string{
		"ldap": "",
		"jwt":  `difference="only here: a.example (ldap); only there: a.example (jwt)"`,
		"":     `difference="only here: a.example (ldap); only there: a.example"`,
	} {
		out.Reset()
		info, err := json.Marshal(ask.LeaseInfo{Domains: domains, Users: map[string]string{"a.example": from}})
		if err != nil {
			t.Fatal(err)
		}
		w.hear(events.LeaseState{Incarnation: events.Incarnation{Name: "c2 " + from, Epoch: 2}, Info: info}, true)
		if got := out.String(); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("from %q it tells %q", from, got)
		}
		w.hear(events.LeaseState{Incarnation: events.Incarnation{Name: "c2 " + from, Epoch: 2}, Info: info}, false)
	}
}
