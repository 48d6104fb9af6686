package access_test

import (
	"testing"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
)

func TestAnEntryConcernsTheAccountsThatItNames(t *testing.T) {
	t.Parallel()
	alice := events.StoredJID("alice@localhost")
	for asked, want := range map[string]bool{
		"filter=account:bob@localhost,alice@localhost":                 true,
		"filter=account%3Abob%40localhost%2CAlice%40LOCALHOST&limit=1": true,
		`account:"alice@localhost" type:closed --limit=5`:              true,
		"bob@localhost alice@localhost":                                true,
		"of=bob@localhost&who=alice@localhost":                         true,
		"filter=account:malice@localhost":                              false,
		"filter=account:alice@localhost.example":                       false,
		"after=7":                                                      false,
		"100%":                                                         false,
		"":                                                             false,
	} {
		if e := (access.Entry{Asked: asked}); e.Concerns(alice) != want {
			t.Errorf("%s: %v", asked, !want)
		}
	}
	if e := (access.Entry{About: alice}); !e.Concerns(alice) {
		t.Error("not what it is about")
	}
}
