package c2s_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// user makes an account with a role.
func (w *world) user(name, role string, further ...string) {
	c := *credentials()
	c.Role, c.Further = role, further
	w.people.put(bare(name), &c)
}

// A scene has an actor of some role, and bob, who is online.
type scene struct {
	*world
	actor, bob *client
}

// heard is what a client has got, in one.
func heard(c *client) string {
	synctest.Wait()
	return strings.Join(c.take(), "\n")
}

// asks sends the actor's request and reports that it was carried out, not refused for its role. Any
// other answer fails the test.
func (s *scene) asks(xml string) bool {
	s.actor.take()
	s.actor.send(xml)
	got := heard(s.actor)
	switch done, denied := strings.Contains(got, "type='result'"), strings.Contains(got, "<forbidden") || strings.Contains(got, "<not-allowed"); {
	case done != denied:
		return done
	default:
		s.t.Fatalf("%s is answered by %s", xml, got)
	}
	return false
}

// reaches sends a stanza of the actor to bob, and reports that he got it, and otherwise that
// the actor was told that it is forbidden.
func (s *scene) reaches(xml, sign string) bool {
	s.bob.take()
	s.actor.take()
	s.actor.send(xml)
	got, told := heard(s.bob), heard(s.actor)
	if strings.Contains(got, sign) == strings.Contains(told, "<forbidden") {
		s.t.Fatalf("%s: bob got %s, the actor %s", xml, got, told)
	}
	return strings.Contains(got, sign)
}

// A deed is what a permission is for, done by a client; it reports that it was allowed.
type deed func(s *scene) bool

// deeds has every permission that a client's own stanzas need.
var deeds = map[roles.Permission][]deed{
	roles.Message: {
		func(s *scene) bool {
			return s.reaches("<message type='chat' to='bob@localhost'><body>hello</body></message>", "hello")
		},
		func(s *scene) bool {
			return s.reaches("<message to='bob@localhost/r'><body>hello</body></message>", "hello")
		},
	},
	roles.Request: {
		func(s *scene) bool {
			return s.reaches("<iq type='get' id='q' to='bob@localhost/r'><ping xmlns='urn:xmpp:ping'/></iq>", "urn:xmpp:ping")
		},
		func(s *scene) bool {
			return s.asks("<iq type='get' id='q' to='bob@localhost'><vCard xmlns='vcard-temp'/></iq>")
		},
	},
	roles.Direct: {func(s *scene) bool {
		return s.reaches("<presence to='bob@localhost/r'><status>here</status></presence>", "here")
	}},
	roles.Roster: {
		func(s *scene) bool { return s.asks("<iq type='get' id='q'><query xmlns='jabber:iq:roster'/></iq>") },
		func(s *scene) bool {
			return s.asks("<iq type='set' id='q'><query xmlns='jabber:iq:roster'><item jid='bob@localhost'/></query></iq>")
		},
		func(s *scene) bool { return s.reaches("<presence type='subscribe' to='bob@localhost'/>", "subscribe") },
	},
	roles.Block: {
		func(s *scene) bool {
			return s.asks("<iq type='get' id='q'><blocklist xmlns='urn:xmpp:blocking'/></iq>")
		},
		func(s *scene) bool {
			return s.asks("<iq type='set' id='q'><block xmlns='urn:xmpp:blocking'><item jid='eve@localhost'/></block></iq>")
		},
	},
	roles.Store: {
		func(s *scene) bool {
			return s.asks("<iq type='set' id='q'><query xmlns='jabber:iq:private'><x xmlns='urn:x'>y</x></query></iq>")
		},
		func(s *scene) bool {
			return s.asks("<iq type='set' id='q'><vCard xmlns='vcard-temp'><FN>A</FN></vCard></iq>")
		},
	},
	roles.Publish: {func(s *scene) bool {
		return s.asks("<iq type='set' id='q'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='n'><item id='i'><x xmlns='urn:x'/></item></publish></pubsub></iq>")
	}},
	roles.Wait: {func(s *scene) bool {
		s.actor.send("</stream:stream>")
		synctest.Wait()
		s.bob.take()
		s.bob.send("<message type='chat' id='w' to='actor@localhost'><body>later</body></message>")
		return !strings.Contains(heard(s.bob), "<service-unavailable")
	}},
	roles.OwnAccount: {
		func(s *scene) bool {
			return s.asks("<iq type='set' id='q'><query xmlns='jabber:iq:register'><username>actor</username><password>" + password + "</password></query></iq>")
		},
		func(s *scene) bool {
			return s.asks("<iq type='set' id='q'><query xmlns='jabber:iq:register'><remove/></query></iq>")
		},
	},
	roles.Register: {func(s *scene) bool {
		return s.asks("<iq type='set' id='q'><query xmlns='jabber:iq:register'><username>newcomer</username><password>x</password></query></iq>")
	}},
}

// commandDeeds has every permission that is for an ad-hoc command: its name and form, and
// what is to be seen of it, at the actor or at bob.
var commandDeeds = map[roles.Permission]struct {
	name string
	form []string
	bob  string
}{
	roles.Commands:    {name: ownCommands + "take-role", form: []string{"role="}},
	roles.SeeSessions: {name: "get-online-users-list", form: []string{"max_items=25"}},
	roles.EndSessions: {name: "end-user-session", form: []string{"accountjids=bob@localhost"}, bob: "<policy-violation"},
	roles.Register:    {name: "add-user", form: []string{"accountjid=new@localhost", "password=p", "password-verify=p"}},
	roles.Announce:    {name: "announce", form: []string{"announcement=hear ye"}, bob: "hear ye"},
	roles.Disable:     {name: "disable-user", form: []string{"accountjids=bob@localhost"}, bob: "<not-authorized"},
	roles.Ban:         {name: ownCommands + "ban", form: []string{"network=10.0.0.2"}, bob: "<policy-violation"},
	roles.SetRoles:    {name: ownCommands + "set-role", form: []string{"accountjid=bob@localhost", "role=guest"}, bob: "<reset"},
}

// commands carries a command out, and reports that it was not forbidden.
func (s *scene) commands(p roles.Permission, role string) bool {
	d := commandDeeds[p]
	s.bob.take()
	if got := s.actor.command(d.name, "action='execute'", ""); strings.Contains(got, "<forbidden") {
		return false
	}
	form := d.form
	if p == roles.Commands {
		form = []string{"role=" + role}
	}
	s.actor.carriedOut(s.t, d.name, form, "status='completed'")
	if got := heard(s.bob); !strings.Contains(got, d.bob) {
		s.t.Errorf("%s is done, and bob got %s", d.name, got)
	}
	return true
}

// Every cell of the table of roles and permissions is what a client of that role finds.
func TestARoleAllowsWhatItsTableSays(t *testing.T) {
	t.Parallel()
	only := map[string]roles.Permission{} // a role for each permission, with that alone
	var defs []roles.Definition
	for p := range roles.Permissions() {
		only["only-"+p.String()] = p
		defs = append(defs, roles.Definition{Name: "only-" + p.String(), Allow: []string{p.String()}})
	}
	set, err := roles.New(defs...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range set.All() {
		t.Run(r.Name(), func(t *testing.T) {
			t.Parallel()
			for p, list := range deeds {
				for i, do := range list {
					synctest.Test(t, func(t *testing.T) {
						// Whoever makes an account makes a member.
						may := r.May(p) && (p != roles.Register || r.Covers(set.Role(roles.Member)))
						if got := perform(t, set, r.Name(), do); got != may {
							t.Errorf("%s, %d: allowed: %t", p, i, got)
						}
					})
				}
			}
			for p := range commandDeeds {
				synctest.Test(t, func(t *testing.T) {
					got := perform(t, set, r.Name(), func(s *scene) bool { return s.commands(p, r.Name()) })
					if got != (r.May(p) && r.May(roles.Commands)) {
						t.Errorf("%s, by a command: allowed: %t", p, got)
					}
				})
			}
		})
	}
}

// perform has a client of that role do something in a world of its own.
func perform(t *testing.T, set *roles.Set, role string, do deed) bool {
	o := &office{}
	w := newWorld(t, 1, func(c *c2s.Config) {
		o.administered(c)
		c.Registry, c.Roles = c.Accounts.(*accounts), set
	})
	defer w.close()
	o.w = w
	w.user("bob", roles.Registered) // whom few may not act on
	w.user("actor", role)
	s := &scene{world: w, actor: w.nodes[0].connect("actor"), bob: w.nodes[0].connect("bob")}
	s.bob.login("bob", "r")
	s.bob.send("<presence/><iq type='set' id='card'><vCard xmlns='vcard-temp'><FN>Bob</FN></vCard></iq>")
	s.actor.login("actor", "r")
	synctest.Wait()
	return do(s)
}

// change gives an account other roles, as an administrator does.
func (w *world) change(n *node, name string, set *roles.Set, role string) {
	account := bare(name)
	c, err := w.people.Credentials(w.t.Context(), account)
	if err != nil {
		w.t.Fatal(err)
	}
	next := *c
	next.Role = role
	w.people.put(account, &next)
	_, _, err = n.service.Do(w.t.Context(), account, events.ConnID{}, session.ChangeRole{
		Role: role, Was: c.Role, NoLess: set.Role(role).Covers(set.Role(c.Role)), Assumable: namesOf(set.Assumable(role, nil)), By: "cli root@example",
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func namesOf(list []*roles.Role) (all []string) {
	for _, r := range list {
		all = append(all, r.Name())
	}
	return all
}

func TestAChangeOfRoleIsInEffectAtEveryConnectorAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		w.user("actor", roles.Guest)
		w.users("bob")
		s := &scene{world: w, actor: w.nodes[0].connect("actor"), bob: w.nodes[0].connect("bob")}
		s.bob.login("bob", "r")
		s.bob.send("<presence/>")
		s.actor.login("actor", "r")
		synctest.Wait()
		ask := func() bool { return s.asks("<iq type='get' id='q'><query xmlns='jabber:iq:roster'/></iq>") }
		if ask() {
			t.Fatal("a guest has a roster")
		}
		w.change(w.nodes[1], "actor", roles.Standard(), roles.Member)
		synctest.Wait()
		if !ask() {
			t.Error("the session has not got the new role")
		}
		w.change(w.nodes[1], "actor", roles.Standard(), roles.Guest)
		if got := heard(s.actor); !strings.Contains(got, "<reset") || !strings.Contains(got, "role has changed") {
			t.Errorf("the session that may do less: %s", got)
		}
		again := w.nodes[0].connect("again")
		again.login("actor", "r")
		s.actor = again
		synctest.Wait()
		if ask() {
			t.Error("it came back with the old role")
		}
	})
}

// The stanzas of a session are judged by the role that the log gives it, which is also
// recorded.
func TestALoginIsRecordedWithItsRole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.close()
		w.users("bob")
		w.user("ann", roles.Admin)
		for _, name := range []string{"ann", "bob"} {
			w.nodes[0].connect(name).login(name, "r")
		}
		synctest.Wait()
		for name, want := range map[string]string{"ann": "admin admin", "bob": "member member"} {
			got := []string{}
			for _, e := range w.history(name) {
				switch e := e.(type) {
				case events.Authenticated:
					got = append(got, e.Role)
				case events.Bound:
					got = append(got, e.Role)
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	})
}

func TestWhoeverRegistersIsRegistered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(c *c2s.Config) { c.Registry = c.Accounts.(*accounts) })
		defer w.close()
		w.users("bob")
		fresh := w.nodes[0].connect("fresh")
		fresh.open()
		fresh.send("<iq type='set' id='1'><query xmlns='jabber:iq:register'><username>dave</username><password>x</password></query></iq>")
		synctest.Wait()
		if c, err := w.people.Credentials(t.Context(), bare("dave")); err != nil || c.Role != roles.Registered {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

// How often an account may log in, how many sessions it has and how much it keeps.
func TestARoleHasLimitsOfItsOwn(t *testing.T) {
	t.Parallel()
	set, err := roles.New(roles.Definition{Name: "small", Inherits: []string{roles.Member}, Limits: map[string]int{"logins": 1, "sessions": 1, "stored": 300}})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(c *c2s.Config) { c.Roles = set })
		defer w.close()
		for name, small := range map[string]bool{"ann": true, "bob": false} {
			if w.users(name); small {
				w.user(name, "small")
			}
			one, two := w.nodes[0].connect("one"), w.nodes[0].connect("two")
			one.login(name, "one")
			two.login(name, "two")
			if got := heard(two); strings.Contains(got, "<resource-constraint") != small {
				t.Errorf("%s: the second session: %s", name, got)
			}
			one.take()
			for n, large := range map[int]bool{100: false, 400: true} {
				one.send(fmt.Sprintf("<iq type='set' id='q'><query xmlns='jabber:iq:private'><x xmlns='urn:x'>%s</x></query></iq>", strings.Repeat("y", n)))
				if got := heard(one); strings.Contains(got, "<resource-constraint") != (small && large) {
					t.Errorf("%s keeps %d bytes: %s", name, n, got)
				}
			}
			last := ""
			for range 6 {
				c := w.nodes[0].connectFrom(two, "more")
				c.open()
				c.send(plain(name, password))
				last = heard(c)
			}
			if strings.Contains(last, "<temporary-auth-failure") != small {
				t.Errorf("%s: the eighth login: %s", name, last)
			}
		}
	})
}

func TestEveryPermissionIsForSomething(t *testing.T) {
	t.Parallel()
	for p := range roles.Permissions() {
		if _, command := commandDeeds[p]; !command && deeds[p] == nil {
			t.Errorf("nothing shows what %s is for", p)
		}
	}
}

// A session drops to a lesser role of its account, or takes a further one, until it ends.
func TestASessionTakesAnotherRoleOfItsAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &office{}
		w := newWorld(t, 1, o.administered)
		defer w.close()
		o.w = w
		w.users("bob")
		w.user("ann", roles.Member, roles.Admin)
		ann := w.login("ann", "desk")
		const take = ownCommands + "take-role"
		if got := ann.command(take, "action='execute'", ""); !strings.Contains(got, "<value>admin</value>") || strings.Contains(got, "operator") {
			t.Errorf("the form offers %s", got)
		}
		if got := ann.command("get-online-users-num", "", ""); !strings.Contains(got, "<forbidden") {
			t.Errorf("a further role is in effect before it is taken: %s", got)
		}
		if got := ann.command(take, ann.begun(t, take), submitted("role=operator")); !strings.Contains(got, "does not have the role") {
			t.Errorf("a role that the account does not have: %s", got)
		}
		ann.carriedOut(t, take, []string{"role=admin"}, "this session has the role admin")
		if got := ann.command("get-online-users-num", "", ""); !strings.Contains(got, "status='completed'") {
			t.Errorf("the role that was taken is not in effect: %s", got)
		}
		ann.carriedOut(t, take, []string{"role=guest"})
		ann.send("<iq type='get' id='q'><query xmlns='jabber:iq:roster'/></iq>")
		if got := ann.answers(); !strings.Contains(got, "<forbidden") {
			t.Errorf("the lesser role is not in effect: %s", got)
		}
		if got := w.nodes[0].table.Account(bare("ann")).Sessions()[0].Role(); got != roles.Guest {
			t.Errorf("the table says %s", got)
		}
		again := w.login("ann", "phone")
		if got := again.command(take, "action='execute'", ""); !strings.Contains(got, "status='executing'") {
			t.Errorf("another session has the lesser role: %s", got)
		}
	})
}

// TestARoleIsInEffectWhenItIsSaidToBe: a session is told that it has another role when its
// stanzas are judged by it.
func TestARoleIsInEffectWhenItIsSaidToBe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &office{}
		w := newWorld(t, 1, o.administered)
		defer w.close()
		o.w = w
		w.user("ann", roles.Member, roles.Admin)
		ann := w.login("ann", "desk")
		const take = ownCommands + "take-role"
		begun := ann.begun(t, take)
		goOn := w.nodes[0].stick()
		if got := ann.command(take, begun, submitted("role=admin")); got != "" {
			t.Errorf("before the table knew, the client was sent %s", got)
		}
		goOn()
		if got := ann.answers(); !strings.Contains(got, "this session has the role admin") {
			t.Errorf("the client was sent %s", got)
		}
		if got := ann.command("get-online-users-num", "", ""); !strings.Contains(got, "status='completed'") {
			t.Errorf("the role that was taken is not in effect: %s", got)
		}
	})
}
