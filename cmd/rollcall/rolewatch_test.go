package main

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

func TestAConnectorTellsOfOthersThatDefineRolesDifferently(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	support := roles.Definition{Name: "support", Inherits: []string{"member"}, Allow: []string{"see-sessions", "end-sessions"}, Limits: map[string]int{"logins": 20}}
	reordered, narrow, silent := support, support, roles.Definition{Name: "registered", Deny: []string{"publish"}}
	reordered.Allow = []string{"end-sessions", "see-sessions", "see-sessions"}
	narrow.Allow = []string{"see-sessions"}
	w := newRoleWatch("c1", []roles.Definition{support}, slog.New(slog.NewTextHandler(&out, nil)))
	for epoch, step := range []struct {
		roles []roles.Definition
		alive bool
		tells string // nothing: ""
	}{
		{[]roles.Definition{reordered}, true, ""},
		{[]roles.Definition{silent, support}, true, `connector=c2 difference="only there: registered"`},
		{[]roles.Definition{narrow}, true, `only there: support {\"inherits\":[\"member\"],\"allow\":[\"see-sessions\"],\"limits\":{\"logins\":20}}`},
		{nil, true, `difference="only here: support"`},
		{nil, false, "all connectors define the same roles now"},
	} {
		out.Reset()
		info, err := json.Marshal(ask.LeaseInfo{Domains: []string{"a.example"}, Roles: step.roles})
		if err != nil {
			t.Fatal(err)
		}
		if !step.alive {
			epoch--
		}
		w.hear(events.LeaseState{Incarnation: events.Incarnation{Name: "c2", Epoch: uint64(epoch)}, Info: info}, step.alive)
		if got := out.String(); step.tells == "" && got != "" || !strings.Contains(got, step.tells) {
			t.Errorf("%+v, alive: %t: it tells %q, want %q", step.roles, step.alive, got, step.tells)
		}
	}
}
