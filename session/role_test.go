package session

import (
	"slices"
	"testing"

	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// A role that is built in takes no memory in a session.
func TestTheBuiltInRolesAreCommon(t *testing.T) {
	t.Parallel()
	for _, r := range roles.Standard().All() {
		if !slices.Contains(commonRoles[:], r.Name()) {
			t.Errorf("%s is not among %v", r.Name(), commonRoles)
		}
	}
}
