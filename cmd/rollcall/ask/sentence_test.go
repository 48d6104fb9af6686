package ask

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestEveryEventOfAnAccountHasASentence(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 1, 31, 14, 3, 7, 0, time.UTC).UnixNano()
	for _, c := range []struct {
		event events.Event
		want  string
	}{
		{events.Authenticated{Mechanism: "PLAIN", TLS: "TLS 1.3", Address: "192.0.2.7:1", Agent: "Gajim 2"}, "A client logged in on connector c1 from <192.0.2.7:1> with PLAIN over TLS 1.3, client Gajim 2."},
		{events.Authenticated{}, "A client logged in on connector c1 in the clear."},
		{events.Bound{}, "The session is bound as phone."},
		{events.RosterRequested{}, "phone asked for the roster and hears of its changes."},
		{events.PresenceAvailable{Priority: -3, Show: "away"}, "phone is available with priority -3, away."},
		{events.PresenceUnavailable{}, "phone is no longer available, by its own word."},
		{events.PresenceDirected{To: events.StoredJID("room@x"), Available: true}, "phone sent room@x its presence."},
		{events.PresenceDirected{To: events.StoredJID("room@x")}, "phone told room@x that it is unavailable."},
		{events.StreamManagementEnabled{Resumable: true, Max: 300}, "phone switched stream management on, and may be resumed for 5 min."},
		{events.StreamManagementEnabled{Resumable: true, Max: 90}, "phone switched stream management on, and may be resumed for 90 s."},
		{events.StreamManagementEnabled{}, "phone switched stream management on."},
		{events.Detached{Reason: events.ReasonConnectionLost, Until: until}, "phone lost its connection (connection_lost) and waits until 2026-01-31T14:03:07Z to be resumed."},
		{events.Resumed{Address: "192.0.2.7:1"}, "phone was resumed on connector c1 from <192.0.2.7:1>."},
		{events.CarbonsEnabled{}, "phone gets copies of its account's messages from now on."},
		{events.CarbonsDisabled{}, "phone no longer gets copies of its account's messages."},
		{events.Refreshed{}, "Nothing new: the log repeats what is true of phone."},
		{events.Closed{Reason: events.ReasonClient}, "phone ended: the client logged out."},
		{events.Closed{Reason: events.ReasonKicked, Text: "spam", By: "cli a@b"}, "phone ended: an administrator ended it: spam, by cli a@b."},
		{events.Closed{Reason: "of a newer build"}, "phone ended: for the reason of a newer build."},
		{events.AccountCreated{By: "bob@x"}, "The account was created, by bob@x."},
		{events.PasswordChanged{}, "The password was changed."},
		{events.AccountRemoved{By: "token t"}, "The account was removed, by token t."},
		{events.AccountDisabled{Until: 1_767_323_345_000_000_000, Text: "spam", By: "token t"}, "The account was disabled until 2026-01-02T03:09:05Z: spam, by token t."},
		{events.AccountDisabled{}, "The account was disabled."},
		{events.AccountEnabled{By: "admin@localhost"}, "The account was enabled, by admin@localhost."},
		{events.RoleChanged{Role: "admin", Was: "member", Further: []string{"support", "lead"}, Text: "on call", By: "token t"},
			"The account's role is admin, before member; its sessions may change to support, lead: on call, by token t."},
		{events.RoleChanged{Role: "member"}, "The account's role is member."},
		{events.RoleTaken{Role: "guest"}, "phone changed to the role guest."},
		{events.AuthFailed{Mechanism: "PLAIN", Condition: "not-authorized", Address: "192.0.2.7:1"}, "A login failed from <192.0.2.7:1> with PLAIN: not-authorized."},
		{events.Unknown{}, "Something happened that this build does not know."},
	} {
		st := &events.Stored{Record: events.Record{JID: events.StoredJID("bob@x/phone"), Connector: events.Incarnation{Name: "c1"}, Event: c.event}}
		if got := Sentence(st, "", func(a string) string { return strings.Replace("<"+a+">", "<>", "", 1) }); got != c.want {
			t.Errorf("%T: %q, want %q", c.event, got, c.want)
		}
	}
	unbound := &events.Stored{Record: events.Record{JID: events.StoredJID("bob@x"), Event: events.Closed{Reason: events.ReasonTimeout}}}
	if got := Sentence(unbound, "", nil); got != "The session ended: it did not answer, or did not come back in time." {
		t.Errorf("%q", got)
	}
}
