package c2s_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// administered runs a test in a world of two connectors, in which ann is an admin.
func administered(t *testing.T, test func(w *world, o *office, ann *client)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &office{}
		w := newWorld(t, 2, o.administered)
		o.w = w
		defer w.close()
		w.users("alice", "bob", "carol")
		w.give("ann", roles.Admin)
		w.give("olga", roles.Operator)
		test(w, o, w.login("ann", "desk"))
	})
}

// give makes an account with a role.
func (w *world) give(user, role string) {
	c := *credentials()
	c.Role = role
	w.people.put(bare(user), &c)
}

const commandsNS = "http://jabber.org/protocol/commands"

// ownCommands is where the names of those begin that are none of XEP-0133.
const ownCommands = "urn:rollcall:commands:0#"

// command sends a command to the server and returns the answer.
func (c *client) command(name, attributes, content string) string {
	if !strings.HasPrefix(name, ownCommands) {
		name = "http://jabber.org/protocol/admin#" + name
	}
	c.send(fmt.Sprintf("<iq type='set' to='localhost' id='c'><command xmlns='%s' node='%s' %s>%s</command></iq>", commandsNS, name, attributes, content))
	return c.answers()
}

// submitted is a form, filled in with name=value, of which a name may come again.
func submitted(fields ...string) string {
	b := "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/admin</value></field>"
	for i := 0; i < len(fields); {
		name, _, _ := strings.Cut(fields[i], "=")
		b += "<field var='" + name + "'>"
		for ; i < len(fields) && strings.HasPrefix(fields[i], name+"="); i++ {
			b += "<value>" + strings.TrimPrefix(fields[i], name+"=") + "</value>"
		}
		b += "</field>"
	}
	return b + "</x>"
}

// begun begins a command that shows a form, and returns the attribute of its session.
func (c *client) begun(t testing.TB, name string) string {
	t.Helper()
	got := c.command(name, "action='execute'", "")
	if !strings.Contains(got, "status='executing'") || !strings.Contains(got, "type='form'") {
		t.Fatalf("%s is answered %s", name, got)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return "sessionid='" + c.filled + "'"
}

// carriedOut carries a command out and expects that the answer has these texts.
func (c *client) carriedOut(t testing.TB, name string, fields []string, want ...string) {
	t.Helper()
	got := c.command(name, c.begun(t, name)+" action='complete'", submitted(fields...))
	for _, text := range append(want, "status='completed'") {
		if !strings.Contains(got, text) {
			t.Errorf("%s %q is answered %s, without %s", name, fields, got, text)
		}
	}
}

func TestCommandsAreListedForThoseWhoMayUseThem(t *testing.T) {
	administered(t, func(w *world, _ *office, ann *client) {
		alice := w.login("alice", "r")
		const list = "<iq type='get' to='localhost' id='d'><query xmlns='http://jabber.org/protocol/disco#items' node='" + commandsNS + "'/></iq>"
		const info = "<iq type='get' to='localhost' id='i'><query xmlns='http://jabber.org/protocol/disco#info' node='%s'/></iq>"
		ask := func(c *client, text string) string {
			c.send(text)
			return c.answers()
		}
		if got := ask(ann, list); strings.Count(got, "<item ") != 12 || !strings.Contains(got, "node='http://jabber.org/protocol/admin#disable-user'") {
			t.Errorf("an admin is told %s", got)
		}
		if got := ask(alice, list); strings.Count(got, "<item ") != 1 || !strings.Contains(got, "#take-role'") {
			t.Errorf("a member is told %s", got)
		}
		node := fmt.Sprintf(info, "http://jabber.org/protocol/admin#announce")
		if got := ask(ann, node); !strings.Contains(got, "type='command-node'") || !strings.Contains(got, "var='jabber:x:data'") {
			t.Errorf("a command is %s", got)
		}
		if got := ask(ann, fmt.Sprintf(info, commandsNS)); !strings.Contains(got, "type='command-list'") {
			t.Errorf("the list is %s", got)
		}
		if got := ask(alice, node); !strings.Contains(got, "<forbidden") {
			t.Errorf("to a member a command is %s", got)
		}
		if got := ask(ann, fmt.Sprintf(info, "http://jabber.org/protocol/admin#shutdown")); !strings.Contains(got, "<item-not-found") {
			t.Errorf("a command that there isn't is %s", got)
		}
		if got := ask(alice, "<iq type='get' to='localhost' id='s'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"); !strings.Contains(got, "var='"+commandsNS+"'") {
			t.Errorf("the server announces %s", got)
		}
		if got := alice.command("get-online-users-num", "", ""); !strings.Contains(got, "<forbidden") {
			t.Errorf("a member is answered %s", got)
		}
	})
}

func TestUsersAreDisabledEnabledAndSentAwayByCommands(t *testing.T) {
	administered(t, func(w *world, o *office, ann *client) {
		alice, bob := w.login("alice", "r"), w.nodes[1].connect("bob")
		bob.login("bob", "r")
		bob.answers()
		ann.carriedOut(t, "disable-user", []string{"accountjids=alice@localhost", "accountjids=nobody@localhost", "x-for=7d", "x-reason=spam"},
			"disabled alice@localhost", "type='error'>nobody@localhost: there is no such account")
		alice.mustEnd(t, "not-authorized")
		if got := w.ends("alice"); !slices.Equal(got, []string{`account_disabled "spam" by ann@localhost/desk`}) {
			t.Errorf("the ends are %q", got)
		}
		ann.carriedOut(t, "reenable-user", []string{"accountjids=alice@localhost"}, "re-enabled alice@localhost")
		ann.carriedOut(t, "reenable-user", []string{"accountjids=alice@localhost"}, "type='error'>alice@localhost: it is not disabled")
		w.login("alice", "r").mustLive(t)
		ann.carriedOut(t, "end-user-session", []string{"accountjids=bob@localhost/r", "x-reason=at noon"}, "ended the sessions of bob@localhost/r")
		bob.mustEnd(t, "policy-violation")
		ann.carriedOut(t, "change-user-password", []string{"accountjid=alice@localhost", "password=new"}, "changed the password of alice@localhost")
		if got := w.ends("alice"); len(got) != 2 || got[1] != `password_changed "" by ann@localhost/desk` {
			t.Errorf("the ends are %q", got)
		}
		ann.carriedOut(t, "add-user", []string{"accountjid=dave@localhost", "password=p", "password-verify=p"}, "added dave@localhost")
		ann.carriedOut(t, "add-user", []string{"accountjid=dave@localhost", "password=p", "password-verify=p"}, "there is such an account already")
		w.login("dave", "r").mustLive(t)
		if n := len(o.recorded); n != 8 || o.recorded[0] != "ann@localhost/desk disable-user alice@localhost" {
			t.Errorf("on record are %q", o.recorded)
		}
	})
}

// Otherwise an admin would be an operator after a new password.
func TestNobodyActsOnAnAccountWhoseRoleMayDoMore(t *testing.T) {
	administered(t, func(w *world, _ *office, ann *client) {
		olga := w.login("olga", "r")
		for name, fields := range map[string][]string{
			"change-user-password": {"accountjid=olga@localhost", "password=mine"},
			"disable-user":         {"accountjids=olga@localhost"},
			"reenable-user":        {"accountjids=olga@localhost"},
			"end-user-session":     {"accountjids=olga@localhost"},
		} {
			ann.carriedOut(t, name, fields, "type='error'", "its role may do what yours may not")
		}
		ann.carriedOut(t, "disable-user", []string{"accountjids=olga@elsewhere"}, "this domain is not served here")
		ann.carriedOut(t, "disable-user", []string{"accountjids=ann@localhost"}, "it is your own, and you could not take it back")
		ann.carriedOut(t, "add-user", []string{"accountjid=dave@elsewhere", "password=p", "password-verify=p"}, "the accounts of this domain are not changed here")
		olga.mustLive(t)
	})
}

func TestCommandsTellWhoIsOnline(t *testing.T) {
	administered(t, func(w *world, _ *office, ann *client) {
		w.login("alice", "r", "<presence/>")
		w.login("bob", "r") // bound, and not available
		carol := w.nodes[1].connect("carol")
		carol.login("carol", "r")
		carol.send("<presence/>")
		synctest.Wait()
		if got := ann.command("get-online-users-num", "", ""); !strings.Contains(got, "<value>2</value>") || !strings.Contains(got, "status='completed'") {
			t.Errorf("%s", got)
		}
		ann.carriedOut(t, "get-online-users-list", []string{"max_items=25"}, "<value>alice@localhost</value><value>carol@localhost</value>")
		carol.send("<presence type='unavailable'/>")
		synctest.Wait()
		left := time.Now().UTC().Format(time.RFC3339)
		<-time.After(time.Hour)
		ann.carriedOut(t, "get-user-lastlogin", []string{"accountjid=carol@localhost"}, "<value>"+left+"</value>")
		ann.carriedOut(t, "get-user-lastlogin", []string{"accountjid=olga@localhost"}, "has not been there")
	})
}

func TestNetworksAreBannedAndBansLiftedByCommands(t *testing.T) {
	administered(t, func(w *world, o *office, ann *client) {
		alice, olga := w.nodes[1].from("192.0.2.7", "alice"), w.nodes[1].from("198.51.100.7", "olga")
		ann.carriedOut(t, ownCommands+"ban", []string{"network=192.0.2.0/24", "x-for=1h", "x-reason=spam"}, "banned 192.0.2.0/24")
		alice.mustEnd(t, "policy-violation")
		if got := w.ends("alice"); !slices.Equal(got, []string{`banned "spam" by ann@localhost/desk`}) {
			t.Errorf("the ends are %q", got)
		}
		ann.carriedOut(t, ownCommands+"ban", []string{"network=198.51.100.0/24"}, "type='error'", "whose role may do what yours may not")
		olga.mustLive(t)
		for _, network := range []string{"10.0.0.0/24", "0.0.0.0/0", "127.0.0.1", "everybody"} { // ann's own is the first
			if got := ann.command(ownCommands+"ban", ann.begun(t, ownCommands+"ban")+" action='complete'", submitted("network="+network)); !strings.Contains(got, "<bad-payload") {
				t.Errorf("%s is answered %s", network, got)
			}
		}
		if got := ann.command(ownCommands+"lift-ban", "", ""); !strings.Contains(got, "<value>192.0.2.0/24</value>") {
			t.Errorf("the bans are %s", got)
		}
		ann.carriedOut(t, ownCommands+"lift-ban", []string{"network=192.0.2.0/24"}, "lifted the ban of 192.0.2.0/24")
		ann.carriedOut(t, ownCommands+"lift-ban", []string{"network=192.0.2.0/24"}, "type='error'", "there is no ban of just this network")
		w.nodes[1].from("192.0.2.7", "alice").mustLive(t)
		if n := len(o.recorded); n != 4 || o.recorded[0] != "ann@localhost/desk ban " {
			t.Errorf("on record are %q", o.recorded)
		}
	})
}

func TestAnAnnouncementReachesAllWhoAreOnline(t *testing.T) {
	administered(t, func(w *world, _ *office, ann *client) {
		alice, away := w.login("alice", "r", "<presence/>"), w.login("bob", "r", "<presence><priority>-1</priority></presence>")
		carol := w.nodes[1].connect("carol")
		carol.login("carol", "r")
		carol.send("<presence/>")
		carol.answers()
		ann.carriedOut(t, "announce", []string{"subject=Tonight", "announcement=We move &lt;here&gt;", "announcement=at 10"}, "sent to 2 accounts")
		for _, c := range []*client{alice, carol} {
			if got := c.answers(); !strings.Contains(got, "<message from='localhost' to='"+c.name+"@localhost' type='headline'><subject>Tonight</subject><body>We move &lt;here&gt;\nat 10</body></message>") {
				t.Errorf("%s was sent %s", c.name, got)
			}
		}
		if got := away.answers(); strings.Contains(got, "Tonight") {
			t.Errorf("one who wants no messages was sent %s", got)
		}
	})
}

func TestWhatIsWrongWithACommandIsToldByTheLetter(t *testing.T) {
	administered(t, func(w *world, o *office, ann *client) {
		id := ann.begun(t, "disable-user")
		other := w.login("olga", "r")
		good := submitted("accountjids=alice@localhost")
		for _, tt := range []struct {
			client              *client
			attributes, content string
			want                string
		}{
			{ann, "action='destroy'", "", "<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><malformed-action"},
			{ann, "action='cancel'", "", "<bad-sessionid"},
			{ann, "action='next'", "", "<bad-action"},
			{ann, id + " action='next'", good, "<bad-action"},
			{ann, id + " action='prev'", "", "<bad-action"},
			{ann, "sessionid='made up'", good, "<bad-sessionid"},
			{other, id, good, "<bad-sessionid"},
			{ann, id, "", "<bad-payload"},
			{ann, id, submitted(), "accountjids is required"},
			{ann, id, submitted("accountjids=alice"), "<bad-payload"},
			{ann, id, submitted("accountjids=alice@localhost", "x-for=tomorrow"), `"tomorrow" is no time`},
			{ann, id, submitted("accountjids=alice@localhost", "x-reason="+strings.Repeat("x", 1001)), "<bad-payload"},
			{ann, id, strings.Replace(good, "protocol/admin", "protocol/muc", 1), "this is another form"},
			{ann, id + " action='cancel'", "", "status='canceled'"},
			{ann, id, good, "<bad-sessionid"},
		} {
			if got := tt.client.command("disable-user", tt.attributes, tt.content); !strings.Contains(got, tt.want) {
				t.Errorf("%s %s is answered %s, want %s", tt.attributes, tt.content, got, tt.want)
			}
		}
		cancelled := ann.begun(t, "announce")
		if got := ann.command("announce", cancelled, "<x xmlns='jabber:x:data' type='cancel'/>"); !strings.Contains(got, "status='canceled'") {
			t.Errorf("a form that is cancelled is answered %s", got)
		}
		unknown := ann.begun(t, "add-user")
		if got := ann.command("add-user", unknown, submitted("accountjid=dave@localhost", "password=a", "password-verify=b")); !strings.Contains(got, "the two passwords differ") {
			t.Errorf("two passwords: %s", got)
		}
		if len(o.recorded) != 0 {
			t.Errorf("on record are %q", o.recorded)
		}
		o.full = true
		if got := ann.command("get-online-users-num", "", ""); !strings.Contains(got, "<internal-server-error") {
			t.Errorf("what can't be put on record is answered %s", got)
		}
		ann.mustLive(t)
	})
}

func TestACommandWaitsForItsFormOnlySoLong(t *testing.T) {
	administered(t, func(_ *world, _ *office, ann *client) {
		id := ann.begun(t, "announce")
		<-time.After(10*time.Minute + time.Second)
		if got := ann.command("announce", id, submitted("announcement=late")); !strings.Contains(got, "<not-allowed") || !strings.Contains(got, "<session-expired") {
			t.Errorf("after ten minutes: %s", got)
		}
		first := ann.begun(t, "announce")
		for range 8 {
			ann.begun(t, "announce")
		}
		if got := ann.command("announce", first, submitted("announcement=first")); !strings.Contains(got, "<bad-sessionid") {
			t.Errorf("the first of nine is answered %s", got)
		}
	})
}

// Guests have no accounts, and sessions like anybody else.
func TestGuestsAreSentAwayByCommands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const forGuests = "guests.localhost"
		o := &office{}
		w := newWorld(t, 1, func(c *c2s.Config) {
			o.administered(c)
			c.Domains, c.Users = []string{domain, forGuests}, map[string]auth.Domain{forGuests: {Guests: true}}
		})
		o.w = w
		defer w.close()
		w.give("ann", roles.Admin)
		ann, guest := w.login("ann", "desk"), w.nodes[0].connect("guest")
		header := "<stream:stream to='" + forGuests + "' version='1.0' xmlns='" + nsClient + "' xmlns:stream='" + nsStreams + "'>"
		guest.send(header + asGuest)
		guest.send(header + "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>")
		synctest.Wait()
		_, jid, _ := strings.Cut(strings.Join(guest.take(), ""), "<jid>")
		jid, _, _ = strings.Cut(jid, "</jid>")
		ann.carriedOut(t, "end-user-session", []string{"accountjids=" + jid}, "ended the sessions of "+jid)
		guest.mustEnd(t, "policy-violation")
	})
}
