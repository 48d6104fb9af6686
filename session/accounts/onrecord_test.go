package accounts

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

func TestEnablingWhatIsEnabledWritesNoEvent(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "secret"))
	enable := func(written bool) {
		t.Helper()
		before := w.history("alice@localhost")
		at, err := w.Enable(t.Context(), root, alice)
		if added := len(w.history("alice@localhost")) - len(before); err != nil || (at > 0) != written || (added > 0) != written {
			t.Errorf("enabled at %d, %d events, %v; the history was %q", at, added, err, before)
		}
	}
	enable(false)
	_, _, err := w.Disable(t.Context(), alice, session.DisableAccount{By: root})
	w.must(err)
	enable(true)
	enable(false)
	_, _, err = w.Disable(t.Context(), alice, session.DisableAccount{Until: time.Now().Add(-time.Second).UnixNano(), By: root})
	w.must(err)
	enable(false) // it has ended by itself
}

// An account that is made anew has no more to do with what the one before it was.
func TestWhatARemovedAccountWasIsNotSaidOfTheNextOne(t *testing.T) {
	w := newWorld(t)
	alice, set := jid("alice@localhost"), roles.Standard()
	w.must(w.Create(t.Context(), root, alice, "secret"))
	_, _, err := w.Disable(t.Context(), alice, session.DisableAccount{By: root})
	w.must(err)
	_, err = w.SetRole(t.Context(), root, alice, set, roles.Admin, "")
	w.must(err)
	_, err = w.Remove(t.Context(), root, alice)
	w.must(err)
	w.must(w.Create(t.Context(), root, alice, "secret"))
	if at, err := w.Enable(t.Context(), root, alice); err != nil || at != 0 {
		t.Errorf("enabled at %d, %v", at, err)
	}
	if done, err := w.ChangeRoles(t.Context(), alice, RoleChange{Roles: set, Primary: roles.Member, By: root}); err != nil || !done.Same {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestRolesThatAnAccountHasAreNoChange(t *testing.T) {
	w := newWorld(t)
	alice, set := jid("alice@localhost"), roles.Standard()
	w.must(w.Create(t.Context(), root, alice, "secret"))
	w.login("alice@localhost", "phone")
	for _, step := range []struct {
		change RoleChange
		same   bool
	}{
		{RoleChange{}, true},
		{RoleChange{Primary: roles.Member, Remove: []string{roles.Operator}}, true},
		{RoleChange{Add: []string{roles.Operator}}, false},
		{RoleChange{Add: []string{roles.Operator}}, true},
		{RoleChange{Primary: roles.Admin}, false},
		{RoleChange{Primary: roles.Admin, Remove: []string{"gone"}}, true},
		{RoleChange{Remove: []string{roles.Operator}}, false},
	} {
		before := len(w.history("alice@localhost"))
		step.change.Roles, step.change.By = set, root
		done, err := w.ChangeRoles(t.Context(), alice, step.change)
		if added := len(w.history("alice@localhost")) - before; err != nil || done.Same != step.same || (added == 0) != step.same || done.Now == nil {
			t.Errorf("%+v: %+v, %d events, %v", step.change, done, added, err)
		}
	}
}

// Their documents are changed, and their events could not be written: then the same change
// is made once more.
func TestAChangeThatIsNotOnRecordIsRepeated(t *testing.T) {
	w := newWorld(t)
	alice, set := jid("alice@localhost"), roles.Standard()
	w.must(w.Create(t.Context(), root, alice, "secret"))
	failing, err := NewAdmin(fullLog{w.bus.Log()}, w.Store, "admin")
	w.must(err)
	_, _, err = w.Disable(t.Context(), alice, session.DisableAccount{By: root})
	w.must(err)
	if _, err := failing.Enable(t.Context(), root, alice); !errors.Is(err, events.ErrFull) {
		t.Fatal(err)
	}
	if at, err := w.Enable(t.Context(), root, alice); err != nil || at == 0 {
		t.Errorf("enabled at %d, %v", at, err)
	}
	promoted := RoleChange{Roles: set, Primary: roles.Admin, Add: []string{roles.Operator}, By: root}
	if _, err := failing.ChangeRoles(t.Context(), alice, promoted); !errors.Is(err, events.ErrFull) {
		t.Fatal(err)
	}
	if done, err := w.ChangeRoles(t.Context(), alice, promoted); err != nil || done.Same {
		t.Errorf("%+v, %v", done, err)
	}
	if got := w.history("alice@localhost"); !slices.Equal(got[len(got)-2:], []string{"account_enabled!", "role_changed!"}) {
		t.Errorf("the history is %q", got)
	}
}
