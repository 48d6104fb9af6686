package auth

import (
	"errors"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A gate that is shut is asked once, after all that a client may say before its password
// counts, and its answer is the same for right, wrong and unknown.
func TestNothingOfAPasswordIsLookedAtBehindAGate(t *testing.T) {
	t.Parallel()
	for _, mechanism := range authenticator(t, accounts(t)).Begin("localhost", bound).Mechanisms() {
		for _, l := range []login{
			{mechanism: mechanism, user: "alice", password: password},
			{mechanism: mechanism, user: "alice", password: "wrong"},
			{mechanism: mechanism, user: "nobody", password: password},
			{mechanism: mechanism, user: "mallory", password: password},
		} {
			if strings.HasSuffix(mechanism, "-PLUS") {
				l.binding = exporter
			}
			var asked []events.JID
			x := authenticator(t, accounts(t)).Begin("localhost", bound)
			x.Gate = func(account events.JID) bool { asked = append(asked, account); return false }
			r := last(l.run(t, x))
			if r.Condition != TemporaryAuthFailure || !errors.Is(r.Err, ErrHeldBack) || r.Data != nil {
				t.Errorf("%s of %s with %q: %+v", mechanism, l.user, l.password, r)
			}
			if len(asked) != 1 || asked[0].String() != l.user+"@localhost" || r.Account != asked[0] {
				t.Errorf("%s of %s: the gate was asked of %v", mechanism, l.user, asked)
			}
		}
	}
}

// Another database is not asked either.
func TestNoPasswordIsCheckedElsewhereBehindAGate(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"right", "wrong"} {
		a, _ := elsewhere(t, people)
		x := a.Begin("localhost", secured)
		asked := 0
		x.Gate = func(events.JID) bool { asked++; return false }
		r := x.Start(t.Context(), "PLAIN", []byte("\x00alice\x00"+word))
		if r.Condition != TemporaryAuthFailure || !errors.Is(r.Err, ErrHeldBack) || asked != 1 {
			t.Errorf("%s: %+v, asked %d times", word, r, asked)
		}
	}
}

func TestAGateThatIsOpenChangesNothing(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]Kind{password: Success, "wrong": Failure} {
		x := authenticator(t, accounts(t)).Begin("localhost", secured)
		x.Gate = func(events.JID) bool { return true }
		l := login{mechanism: "SCRAM-SHA-256", user: "alice", password: word}
		if r := last(l.run(t, x)); r.Kind != want {
			t.Errorf("%s: %+v", word, r)
		}
	}
}
