package accounts

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

func TestAnAccountIsGivenRoles(t *testing.T) {
	w := newWorld(t)
	alice, set := jid("alice@localhost"), roles.Standard()
	w.must(w.Create(t.Context(), root, alice, "secret"))
	for _, step := range []struct {
		change  RoleChange
		primary string
		further string
	}{
		{RoleChange{Add: []string{roles.Admin, roles.Operator}}, roles.Member, "admin operator"},
		{RoleChange{Primary: roles.Admin}, roles.Admin, "operator"},
		{RoleChange{Add: []string{roles.Admin, roles.Operator}}, roles.Admin, "operator"},
		{RoleChange{Primary: roles.Member, Remove: []string{roles.Operator, "gone"}}, roles.Member, ""},
	} {
		step.change.Roles, step.change.By, step.change.Text = set, root, "why"
		_, err := w.ChangeRoles(t.Context(), alice, step.change)
		w.must(err)
		c, err := w.Credentials(t.Context(), alice)
		if err != nil || c.Role != step.primary || strings.Join(c.Further, " ") != step.further {
			t.Errorf("%+v: %s, %q, %v", step.change, c.Role, c.Further, err)
		}
		last, err := w.bus.Log().Last(t.Context(), alice)
		w.must(err)
		if e, ok := last.Event.(events.RoleChanged); !ok || e.Role != step.primary || !slices.Equal(e.Further, c.Further) || e.By != root || e.Text != "why" {
			t.Errorf("on record is %+v", last.Event)
		}
	}
	if !w.accepts("alice@localhost", "secret") {
		t.Error("the password is another")
	}
}

func TestSessionsThatMayDoLessEndAndOthersStay(t *testing.T) {
	w := newWorld(t)
	alice, set := jid("alice@localhost"), roles.Standard()
	w.must(w.Create(t.Context(), root, alice, "secret"))
	w.login("alice@localhost", "phone")
	for _, step := range []struct {
		role string
		want int
	}{{roles.Admin, 0}, {roles.Admin, 0}, {roles.Member, 1}, {roles.Guest, 0}} {
		done, err := w.ChangeRoles(t.Context(), alice, RoleChange{Roles: set, Primary: step.role, By: root})
		if err != nil || len(done.Ended) != step.want {
			t.Errorf("as %s: %d ended, %v", step.role, len(done.Ended), err)
		}
	}
}

// Nobody knows what a role allowed that is no longer defined.
func TestARoleThatIsNotKnownMayHaveAllowedMore(t *testing.T) {
	t.Parallel()
	c := RoleChange{Roles: roles.Standard()}
	if c.command("gone", &auth.Credentials{Role: roles.Operator}).NoLess {
		t.Error("it allowed no more than an operator's")
	}
}

func TestARoleThatIsNotThereIsNotGiven(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "secret"))
	for _, c := range []RoleChange{{Primary: "boss"}, {Add: []string{"boss"}}} {
		c.Roles = roles.Standard()
		if _, err := w.ChangeRoles(t.Context(), alice, c); err == nil || err.Error() != "there is no role boss; there are guest, registered, member, admin, operator" {
			t.Errorf("%v", err)
		}
	}
	if _, err := w.ChangeRoles(t.Context(), jid("nobody@localhost"), RoleChange{Roles: roles.Standard()}); !errors.Is(err, auth.ErrNoAccount) {
		t.Errorf("%v", err)
	}
}

// A slow log is one before whose first record of an account something else happens.
type slowLog struct {
	events.Log
	meanwhile func()
	once      sync.Once
}

func (l *slowLog) Append(ctx context.Context, r *events.Record) (events.Position, error) {
	l.once.Do(l.meanwhile)
	return l.Log.Append(ctx, r)
}

// The document has what was changed last, and so have the sessions, whichever was on record first.
func TestOfTwoChangesAtOnceTheSessionsHaveTheOneThatTheDocumentHas(t *testing.T) {
	w := newWorld(t)
	alice, set := jid("alice@localhost"), roles.Standard()
	w.must(w.Create(t.Context(), root, alice, "secret"))
	w.login("alice@localhost", "phone")
	_, err := w.SetRole(t.Context(), root, alice, set, roles.Admin, "")
	w.must(err)
	slow, err := NewAdmin(&slowLog{Log: w.bus.Log(), meanwhile: func() {
		_, err := w.SetRole(t.Context(), root, alice, set, roles.Admin, "")
		w.must(err)
	}}, w.Store, "slow")
	w.must(err)
	done, err := slow.ChangeRoles(t.Context(), alice, RoleChange{Roles: set, Primary: roles.Operator, By: root})
	if err != nil || done.Now.Role != roles.Admin || len(done.Ended) != 1 {
		t.Errorf("%v, %d sessions ended, %v", done.Now.Role, len(done.Ended), err)
	}
	last, err := w.bus.Log().Last(t.Context(), alice)
	if e, ok := last.Event.(events.RoleChanged); err != nil || !ok || e.Role != roles.Admin {
		t.Errorf("on record is %+v, %v", last.Event, err)
	}
	after, err := w.histories.Load(t.Context(), alice)
	w.must(err)
	for _, s := range after.Sessions() {
		t.Errorf("a session has the role %s", s.Role())
	}
}
