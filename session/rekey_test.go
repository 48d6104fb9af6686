package session_test

import (
	"errors"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A login that was proved with a password that has changed meanwhile is not
// one: the change could not end its session, for there was none yet.
func TestALoginProvedBeforeTheCredentialsChangedIsRefused(t *testing.T) {
	t.Parallel()
	for _, e := range []events.Event{events.PasswordChanged{}, events.AccountRemoved{}, events.AccountDisabled{}, events.AccountEnabled{}, events.RoleChanged{Role: "guest"}} {
		a := session.Apply(nil, &events.Stored{Record: events.Record{JID: alice, Event: events.AccountCreated{}}, Seq: 4})
		a = session.Apply(a, &events.Stored{Record: events.Record{JID: alice, Event: e}, Seq: 7})
		a = session.Apply(a, &events.Stored{Record: events.Record{JID: alice, Session: id("s1"), Event: events.Authenticated{}}, Seq: 9})
		if _, err := session.Decide(a, session.Authenticate{Session: id("s2"), AsOf: 6}); !errors.Is(err, session.ErrRekeyed) {
			t.Errorf("%s: proved before: %v", e.Kind(), err)
		}
		if steps, err := session.Decide(a, session.Authenticate{Session: id("s2"), AsOf: 7}); err != nil || len(steps) != 1 {
			t.Errorf("%s: proved after: %v, %v", e.Kind(), steps, err)
		}
	}
}
