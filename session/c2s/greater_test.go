package c2s_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// Whoever makes an account knows its password, and would have its role.
func TestNobodyMakesAnAccountThatMayDoMoreThanHisOwn(t *testing.T) {
	t.Parallel()
	set, err := roles.New(roles.Definition{Name: "clerk", Inherits: []string{roles.Member}, Allow: []string{"register"}, Deny: []string{"publish"}})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := &office{}
		w := newWorld(t, 1, func(c *c2s.Config) {
			o.administered(c)
			c.Registry, c.Roles = c.Accounts.(*accounts), set
		})
		defer w.close()
		o.w = w
		w.user("cleo", "clerk")
		cleo := w.login("cleo", "desk")
		cleo.carriedOut(t, "add-user", []string{"accountjid=new@localhost", "password=p", "password-verify=p"}, "type='error'", "a role that may do what yours may not")
		cleo.send("<iq type='set' id='q'><query xmlns='jabber:iq:register'><username>newcomer</username><password>x</password></query></iq>")
		if got := cleo.answers(); !strings.Contains(got, "<forbidden") {
			t.Errorf("by XEP-0077 it is answered %s", got)
		}
		for _, user := range []string{"new", "newcomer"} {
			if _, err := w.people.Credentials(t.Context(), bare(user)); !errors.Is(err, auth.ErrNoAccount) {
				t.Errorf("there is an account %s: %v", user, err)
			}
		}
	})
}

// An error is an answer, which whoever may not write could send to anybody.
func TestErrorsAreNoWayToWriteWithoutAPermission(t *testing.T) {
	t.Parallel()
	set, err := roles.New(
		roles.Definition{Name: "silent", Inherits: []string{roles.Member}, Deny: []string{"message"}},
		roles.Definition{Name: "unseen", Inherits: []string{roles.Member}, Deny: []string{"direct-presence"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	const failed = "<error type='cancel'><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>buy this</text></error>"
	message, presence := "<message type='error' to='bob@localhost/r'><body>buy this</body>"+failed+"</message>", "<presence type='error' to='bob@localhost/r'>"+failed+"</presence>"
	for role, reaches := range map[string]map[string]bool{
		roles.Member: {message: true, presence: true},
		"silent":     {message: false, presence: true},
		"unseen":     {message: true, presence: false},
	} {
		for xml, want := range reaches {
			synctest.Test(t, func(t *testing.T) {
				got := perform(t, set, role, func(s *scene) bool {
					s.bob.take()
					s.actor.take()
					s.actor.send(xml)
					got := strings.Contains(heard(s.bob), "buy this")
					if told := heard(s.actor); told != "" { // RFC 6120, 8.3.1
						s.t.Errorf("an error is answered %s", told)
					}
					return got
				})
				if got != want {
					t.Errorf("%s from a %s reaches: %t", xml, role, got)
				}
			})
		}
	}
}

func TestNobodyGivesARoleThatMayDoMoreThanHisOwn(t *testing.T) {
	t.Parallel()
	set, err := roles.New(roles.Definition{Name: "clerk", Inherits: []string{roles.Member}, Allow: []string{"set-roles"}})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := &office{}
		w := newWorld(t, 1, func(c *c2s.Config) {
			o.administered(c)
			c.Roles = set
		})
		defer w.close()
		o.w = w
		w.users("bob")
		w.user("cleo", "clerk")
		w.user("ann", roles.Admin)
		cleo := w.login("cleo", "desk")
		const give = ownCommands + "set-role"
		if got := cleo.command(give, "action='execute'", ""); !strings.Contains(got, "<value>clerk</value>") || strings.Contains(got, "<value>admin</value>") {
			t.Errorf("the form offers %s", got)
		}
		cleo.carriedOut(t, give, []string{"accountjid=bob@localhost", "role=admin"}, "type='error'", "a role that may do what yours may not")
		cleo.carriedOut(t, give, []string{"accountjid=ann@localhost", "role=guest"}, "type='error'", "its role may do what yours may not")
		cleo.carriedOut(t, give, []string{"accountjid=bob@localhost", "role=registered", "x-reason=spam"}, "gave the role registered to bob@localhost")
		last := w.history("bob")
		if e, ok := last[len(last)-1].(events.RoleChanged); !ok || e.Role != roles.Registered || e.By != "cleo@localhost/desk" || e.Text != "spam" {
			t.Errorf("on record is %+v", last)
		}
	})
}
