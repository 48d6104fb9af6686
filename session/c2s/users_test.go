package c2s_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// A directory is another database of users: it says what it is told to say.
type directory struct{ says error }

func (d *directory) Check(_ context.Context, account events.JID, given string) error {
	if given != password {
		return auth.ErrWrongPassword
	}
	return d.says
}

// Enrol implements auth.Enroller.
func (a *accounts) Enrol(ctx context.Context, account events.JID) (*auth.Credentials, bool, error) {
	if c, err := a.Credentials(ctx, account); err == nil {
		return c, false, nil
	}
	c := auth.Keyless(time.Now())
	a.put(account, c)
	return c, true, nil
}

// from makes the users of the domain the directory's.
func (d *directory) from(c *c2s.Config) {
	c.Enroller, c.Registry = c.Accounts.(*accounts), c.Accounts.(*accounts)
	c.Users = map[string]auth.Domain{domain: {Source: "directory", Passwords: d}}
}

func TestAUserOfAnotherDatabaseIsAnAccountFromTheFirstLoginOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, (&directory{}).from)
		defer w.close()
		for range 2 {
			c := w.nodes[0].connect("c")
			c.login("dora", "r")
			synctest.Wait()
			c.send("</stream:stream>")
			synctest.Wait()
		}
		got := kindsOf(w.history("dora"))
		want := []string{"account_created", "authenticated", "bound", "closed", "authenticated", "bound", "closed"}
		if !slices.Equal(got, want) {
			t.Errorf("the history is %q", got)
		}
		if by := w.history("dora")[0].(events.AccountCreated).By; by != "directory" {
			t.Errorf("made by %q", by)
		}
	})
}

func TestADatabaseThatFailsIsNoWrongPasswordAndEndsNoSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &directory{}
		w := newWorld(t, 1, d.from)
		defer w.close()
		there := w.nodes[0].connect("there")
		there.login("dora", "there")
		synctest.Wait()
		d.says = errors.New("gone")
		var last *client
		for range 20 { // more than an address may guess
			c := w.nodes[0].connectFrom(last, "c")
			c.open()
			c.send(plain("dora", password))
			synctest.Wait()
			if got := strings.Join(c.take(), "\n"); !strings.Contains(got, "<temporary-auth-failure") || strings.Contains(got, "<text") {
				t.Fatalf("got %s", got)
			}
			c.drop()
			last = c
		}
		d.says = nil
		c := w.nodes[0].connectFrom(last, "c")
		c.login("dora", "r")
		there.send("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
		synctest.Wait()
		if got := strings.Join(c.take(), "\n"); !strings.Contains(got, "<jid>dora@localhost/r</jid>") {
			t.Errorf("back again: %s", got)
		}
		if got := there.take(); !strings.Contains(got[len(got)-1], "type='result'") {
			t.Errorf("the session that was there: %q", got)
		}
	})
}

func TestAccountsOfAnotherDatabaseAreNeitherMadeNorChangedByClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, (&directory{}).from)
		defer w.close()
		const form = "<iq type='set' id='1'><query xmlns='jabber:iq:register'><username>dora</username><password>other</password></query></iq>"
		fresh, c := w.nodes[0].connect("fresh"), w.nodes[0].connect("c")
		fresh.open()
		synctest.Wait()
		if got := strings.Join(fresh.take(), "\n"); strings.Contains(got, "<register") {
			t.Errorf("it is offered: %s", got)
		}
		fresh.send(form)
		c.login("dora", "r")
		c.send("<iq type='set' id='2'><query xmlns='jabber:iq:register'><remove/></query></iq>" + form)
		synctest.Wait()
		if got := strings.Join(fresh.take(), "\n"); !strings.Contains(got, "<service-unavailable") {
			t.Errorf("to make one: %s", got)
		}
		if got := strings.Join(c.take(), "\n"); strings.Count(got, "<not-allowed") != 2 {
			t.Errorf("to change and to remove one: %s", got)
		}
	})
}

func guests(c *c2s.Config) { c.Users = map[string]auth.Domain{domain: {Guests: true}} }

const asGuest = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>"

// A guest logs in, and returns its JID.
func (n *node) guest(name string) (*client, events.JID) {
	c := n.connect(name)
	c.open()
	c.send(asGuest)
	c.open()
	c.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>")
	synctest.Wait()
	got := strings.Join(c.take(), "\n")
	_, jid, ok := strings.Cut(got, "<jid>")
	jid, _, _ = strings.Cut(jid, "</jid>")
	if !ok {
		n.t.Fatalf("no guest: %s", got)
	}
	return c, events.StoredJID(jid)
}

func TestGuestsTalkToEachOtherAndNothingIsKeptOfThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, guests)
		defer w.close()
		one, first := w.nodes[0].guest("one")
		two, _ := w.nodes[0].guest("two")
		one.send("<presence/>")
		two.send("<message type='chat' to='" + first.String() + "'><body>hello</body></message>")
		synctest.Wait()
		if got := strings.Join(one.take(), "\n"); !strings.Contains(got, "<body>hello</body>") {
			t.Errorf("not delivered: %s", got)
		}
		// Nobody may leave something for a guest who is not to come back.
		one.send("<presence type='unavailable'/>")
		two.send("<message type='chat' id='m' to='" + first.Bare().String() + "'><body>later</body></message>" +
			"<presence type='subscribe' to='" + first.Bare().String() + "'/>")
		synctest.Wait()
		if got := strings.Join(two.take(), "\n"); !strings.Contains(got, "<service-unavailable") {
			t.Errorf("a message that can't wait: %s", got)
		}
		if left := w.roster(first.Bare()); left != nil {
			t.Errorf("somebody's request is left: %v", left)
		}
		one.drop()
		two.drop()
		synctest.Wait()
		if c, err := w.people.Credentials(t.Context(), first.Bare()); err == nil {
			t.Errorf("there is a record: %+v", c)
		}
	})
}

// A guest may keep nothing, nor have others keep something for it (role guest), and its
// session ends with its connection: it could not come back to it.
func TestAGuestLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, guests)
		defer w.close()
		_, other := w.nodes[0].guest("other")
		c, jid := w.nodes[0].guest("c")
		for _, payload := range []string{
			"<query xmlns='jabber:iq:roster'><item jid='" + other.Bare().String() + "'/></query>",
			"<query xmlns='jabber:iq:private'><x xmlns='x'/></query>",
			"<vCard xmlns='vcard-temp'/>",
			"<block xmlns='urn:xmpp:blocking'><item jid='a@b'/></block>",
			"<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='x'><item/></publish></pubsub>",
		} {
			c.send("<iq type='set' id='1'>" + payload + "</iq>")
			synctest.Wait()
			if got := strings.Join(c.take(), "\n"); !strings.Contains(got, "<forbidden") {
				t.Errorf("%s: %s", payload, got)
			}
		}
		c.send("<presence type='subscribe' id='1' to='" + other.Bare().String() + "'/><enable xmlns='urn:xmpp:sm:3' resume='true'/>")
		synctest.Wait()
		if got := strings.Join(c.take(), "\n"); !strings.Contains(got, "<forbidden") || strings.Contains(got, "resume='true'") {
			t.Errorf("got %s", got)
		}
		c.drop()
		synctest.Wait()
		for name, docs := range map[string]*documents{"roster": w.rosters, "block list": w.blocked, "what it keeps": w.private} {
			for _, account := range []events.JID{jid.Bare(), other.Bare()} {
				if _, err := docs.Get(t.Context(), account); !errors.Is(err, events.ErrNotFound) {
					t.Errorf("%s of %s: %v", name, account, err)
				}
			}
		}
		if got := kindsOf(w.history(jid.Local())); got[len(got)-1] != "closed" {
			t.Errorf("the history is %q", got)
		}
	})
}

// A database that hangs is waited for by its own users, and nobody else.
func TestADomainWhoseDatabaseHangsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(c *c2s.Config) {
			c.Domains = append(c.Domains, "slow.example")
			c.Enroller = c.Accounts.(*accounts)
			c.Users = map[string]auth.Domain{"slow.example": {Source: "directory", Passwords: hanging{}}}
		})
		defer w.close()
		w.users("alice")
		for range 50 {
			c := w.nodes[0].connect("slow")
			c.send(strings.Replace(header, domain, "slow.example", 1))
			c.send(plain("dora", password))
		}
		synctest.Wait()
		begun := time.Now()
		c := w.nodes[0].connect("c")
		c.login("alice", "r")
		synctest.Wait()
		if got := strings.Join(c.take(), "\n"); !strings.Contains(got, "<jid>alice@localhost/r</jid>") || time.Since(begun) > 0 {
			t.Errorf("after %s: %s", time.Since(begun), got)
		}
	})
}

type hanging struct{}

func (hanging) Check(ctx context.Context, _ events.JID, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

// holder is a database whose tokens are "NAME-good".
type holder struct{ hanging }

func (holder) Bearer(_ context.Context, host, token string) (events.JID, error) {
	local, good := strings.CutSuffix(token, "-good")
	if !good {
		return events.JID{}, auth.ErrWrongPassword
	}
	return events.NewJID(local, host, "")
}

func TestATokenLogsInByOAuthBearerInBothProfiles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(c *c2s.Config) {
			c.Enroller = c.Accounts.(*accounts)
			c.Users = map[string]auth.Domain{domain: {Source: "tokens", Passwords: holder{}}}
		})
		defer w.close()
		bearer := func(token string) string { return encode("n,,\x01auth=Bearer " + token + "\x01\x01") }
		const dummy = "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AQ==</response>"
		var last *client
		for range 20 { // no token is guessed, so nobody has to wait
			c := w.nodes[0].connectFrom(last, "c")
			c.open()
			c.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='OAUTHBEARER'>" + bearer("dora-bad") + "</auth>" + dummy)
			synctest.Wait()
			if got := strings.Join(c.take(), "\n"); !strings.Contains(got, encode(`{"status":"invalid_token"}`)) || !strings.Contains(got, "<not-authorized") {
				t.Fatalf("got %s", got)
			}
			c.drop()
			last = c
		}
		for i, by := range []string{
			"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='OAUTHBEARER'>" + bearer("dora-good") + "</auth>",
			"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='OAUTHBEARER'><initial-response>" + bearer("dora-good") + "</initial-response></authenticate>",
		} {
			c := w.nodes[0].connectFrom(last, "c")
			c.open()
			c.send(by)
			synctest.Wait()
			if got := strings.Join(c.take(), "\n"); !strings.Contains(got, "<success") || !strings.Contains(got, "<mechanism>OAUTHBEARER</mechanism>") {
				t.Errorf("profile %d: %s", i+1, got)
			}
		}
	})
}

// Each login is some events that are kept, and guests are new each time.
func TestGuestsOfOneAddressLogInAtThePaceOfOneAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(c *c2s.Config) {
			guests(c)
			c.LoginRate = 1
		})
		defer w.close()
		c := w.nodes[0].connect("c")
		for i := range 7 {
			c = w.nodes[0].connectFrom(c, "c")
			c.open()
			c.send(asGuest)
			synctest.Wait()
			got, want := strings.Join(c.take(), "\n"), "<success"
			if i >= 5 {
				want = "<temporary-auth-failure"
			}
			if !strings.Contains(got, want) {
				t.Errorf("login %d: %s", i, got)
			}
		}
		w.nodes[0].guest("from elsewhere")
	})
}
