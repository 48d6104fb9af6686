package web

import (
	"slices"
	"testing"

	scopes "github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// The command that pages name is for the least of the viewers who have the scope.
func TestTheCommandGivesTheScopeThatIsMissing(t *testing.T) {
	t.Parallel()
	for _, scope := range []scopes.Scope{scopes.Read, scopes.ReadAddress, scopes.Export, scopes.Kick, scopes.Moderate, scopes.Operate, scopes.Audit, scopes.Metrics, scopes.Admin} {
		first := slices.IndexFunc(scopes.Viewers, func(v scopes.Viewer) bool {
			token := scopes.Token{Scopes: v.Scopes}
			return token.May(scope)
		})
		if got, want := asWhom(string(scope)), "rollcall web --as "+scopes.Viewers[first].Name; got != want {
			t.Errorf("%s: %s, want %s", scope, got, want)
		}
	}
}
