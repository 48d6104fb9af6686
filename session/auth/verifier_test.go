package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

var errGone = errors.New("the database is gone")

// A database has users of its own: what it says of their passwords, by account, space
// and password. Of what is not in it, it says that there is no such account.
type database map[string]error

func (d database) Check(_ context.Context, account events.JID, password string) error {
	err, ok := d[account.String()+" "+password]
	if !ok {
		return fmt.Errorf("look for %s: %w", account, ErrNoAccount)
	}
	return err
}

// tokens is a database whose passwords are tokens.
type tokens struct{ database }

func (d tokens) Bearer(ctx context.Context, domain, token string) (events.JID, error) {
	local, _, _ := strings.Cut(token, "-")
	account, err := events.NewJID(local, domain, "")
	if err != nil {
		return account, fmt.Errorf("%w: %w", ErrWrongPassword, err)
	}
	return account, d.Check(ctx, account, token)
}

// A roll is the records that were made.
type roll struct {
	stored
	made []string
}

func (r *roll) Enrol(_ context.Context, account events.JID) (*Credentials, bool, error) {
	if account.Local() == "unstored" {
		return nil, false, errStore
	}
	r.made = append(r.made, account.String())
	r.stored[account.String()] = Keyless(time.Unix(1, 0))
	return r.stored[account.String()], true, nil
}

func elsewhere(t testing.TB, v Verifier) (*Authenticator, *roll) {
	t.Helper()
	r := &roll{stored: accounts(t)}
	a, err := New(Config{Accounts: r, Secret: secret, Enroller: r, Domains: map[string]Domain{"localhost": {Passwords: v}}})
	if err != nil {
		t.Fatal(err)
	}
	return a, r
}

var people = database{
	"alice@localhost right":    nil,
	"alice@localhost wrong":    ErrWrongPassword,
	"alice@localhost old":      fmt.Errorf("at noon: %w", ErrExpired),
	"alice@localhost locked":   ErrDisabled,
	"alice@localhost gone":     errGone,
	"alice@localhost late":     context.DeadlineExceeded,
	"bob@localhost right":      nil,
	"mallory@localhost right":  nil,
	"mallory@localhost wrong":  ErrWrongPassword,
	"down@localhost right":     nil,
	"unstored@localhost right": nil,
	"alice@localhost a b":      nil,
}

func TestAnotherDatabaseSaysWhosePasswordIsRight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		user, password string
		want           Condition
	}{
		{"alice", "right", ""},
		{"bob", "right", ""}, // without a record until now
		{"alice", "wrong", NotAuthorized},
		{"alice", "old", CredentialsExpired},
		{"alice", "locked", AccountDisabled},
		{"alice", "gone", TemporaryAuthFailure},
		{"alice", "late", TemporaryAuthFailure},
		{"nobody", "right", NotAuthorized},
		{"mallory", "right", AccountDisabled}, // here, whatever the database says
		{"mallory", "wrong", NotAuthorized},
		{"down", "right", TemporaryAuthFailure},
		{"unstored", "right", TemporaryAuthFailure},
		{"alice", "pencil", NotAuthorized},    // it has a key of ours
		{"alice", "a\u00a0b", ""},             // prepared
		{"alice", "\u00ad", NotAuthorized},    // nothing is left of it
		{"alice", "\x7fright", NotAuthorized}, // can't be a password
		{"a\"b", "right", NotAuthorized},      // can't be a name
		{"alice@localhost", "right", NotAuthorized},
	} {
		a, _ := elsewhere(t, people)
		r := a.Begin("localhost", secured).Start(t.Context(), "PLAIN", []byte("\x00"+c.user+"\x00"+c.password))
		if r.Condition != c.want || (r.Kind == Success) != (c.want == "") {
			t.Errorf("%s with %q: %+v", c.user, c.password, r)
		}
	}
}

func TestAnAccountOfAnotherDatabaseHasARecordFromItsFirstLoginOn(t *testing.T) {
	t.Parallel()
	a, r := elsewhere(t, people)
	for i, want := range []bool{true, false} {
		got := a.Begin("localhost", secured).Start(t.Context(), "PLAIN", []byte("\x00bob\x00right"))
		if got.Kind != Success || got.Enrolled != want {
			t.Errorf("login %d: %+v", i, got)
		}
	}
	if !slices.Equal(r.made, []string{"bob@localhost"}) {
		t.Errorf("made are %q", r.made)
	}
	if c := r.stored["bob@localhost"]; c.SHA256.usable(hashSHA256) || c.SHA1.usable(hashSHA1) || c.Created.IsZero() {
		t.Errorf("the record is %+v", c)
	}
	r.stored["bob@localhost"].Disabled = true
	if got := a.Begin("localhost", secured).Start(t.Context(), "PLAIN", []byte("\x00bob\x00right")); got.Condition != AccountDisabled || got.Enrolled {
		t.Errorf("disabled: %+v", got)
	}
}

// With a record alone nobody comes in where the accounts are our own.
func TestARecordWithoutKeysHasNoPassword(t *testing.T) {
	t.Parallel()
	a := authenticator(t, stored{"bob@localhost": Keyless(time.Unix(1, 0))})
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1"} {
		replies := login{mechanism: mechanism, user: "bob", password: "x"}.run(t, a.Begin("localhost", secured))
		if r := replies[len(replies)-1]; r.Condition != NotAuthorized {
			t.Errorf("%s: %+v", mechanism, r)
		}
	}
}

func TestMechanismsAreThoseThatCanWorkForTheDomain(t *testing.T) {
	t.Parallel()
	a, err := New(Config{Accounts: stored{}, Secret: secret, Enroller: &roll{}, Domains: map[string]Domain{
		"passwords": {Passwords: database{}}, "tokens": {Passwords: tokens{}}, "guests": {Guests: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for domain, want := range map[string][]string{
		"own":       {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"},
		"passwords": {"PLAIN"},
		"tokens":    {"OAUTHBEARER", "PLAIN"},
		"guests":    {"ANONYMOUS"},
	} {
		x := a.Begin(domain, bound)
		if got := x.Mechanisms(); !slices.Equal(got, want) {
			t.Errorf("%s: %q", domain, got)
		}
		for _, m := range Mechanisms() {
			if r := a.Begin(domain, bound).Start(t.Context(), m, []byte("x")); (r.Condition == InvalidMechanism) == slices.Contains(want, m) {
				t.Errorf("%s, %s: %+v", domain, m, r)
			}
		}
	}
	for domain, want := range map[string]Condition{"passwords": InvalidMechanism, "tokens": EncryptionRequired} {
		x := a.Begin(domain, Channel{})
		if got := x.Mechanisms(); len(got) > 0 {
			t.Errorf("%s, without TLS: %q", domain, got)
		}
		if r := x.Start(t.Context(), "OAUTHBEARER", []byte("x")); r.Condition != want {
			t.Errorf("%s, without TLS: %+v", domain, r)
		}
	}
}

func TestADatabaseElsewhereNeedsSomebodyWhoMakesRecords(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Accounts: stored{}, Secret: secret, Domains: map[string]Domain{"localhost": {Passwords: database{}}}})
	if err == nil {
		t.Error("nobody does")
	}
}

func TestATokenLetsInWhoeverItNames(t *testing.T) {
	t.Parallel()
	const end = "\x01\x01"
	users := tokens{database{
		"alice@localhost alice-1": nil, "alice@localhost alice-old": ErrExpired, "alice@localhost alice-gone": errGone,
		"mallory@localhost mallory-1": nil, "bob@localhost bob-1": nil,
	}}
	for _, c := range []struct {
		name, message string
		account       string
		want          Condition
	}{
		{"as RFC 7628 has it", "n,a=alice@localhost,\x01host=localhost\x01port=5222\x01auth=Bearer alice-1" + end, "alice", ""},
		{"without a name", "n,,\x01auth=Bearer alice-1" + end, "alice", ""},
		{"in small letters", "n,,\x01auth=bearer alice-1" + end, "alice", ""},
		{"by a client that could bind", "y,,\x01auth=Bearer alice-1" + end, "alice", ""},
		{"for the first time", "n,,\x01auth=Bearer bob-1" + end, "bob", ""},
		{"for somebody else", "n,a=bob@localhost,\x01auth=Bearer alice-1" + end, "alice", InvalidAuthzid},
		{"expired", "n,,\x01auth=Bearer alice-old" + end, "alice", CredentialsExpired},
		{"unknown", "n,,\x01auth=Bearer alice-2" + end, "alice", NotAuthorized},
		{"of nobody", "n,,\x01auth=Bearer @" + end, "", NotAuthorized},
		{"disabled", "n,,\x01auth=Bearer mallory-1" + end, "mallory", AccountDisabled},
		{"unavailable", "n,,\x01auth=Bearer alice-gone" + end, "alice", TemporaryAuthFailure},
		{"channel binding", "p=tls-exporter,,\x01auth=Bearer alice-1" + end, "", MalformedRequest},
		{"no header", "auth=Bearer alice-1" + end, "", MalformedRequest},
		{"not a name", "n,x=alice,\x01auth=Bearer alice-1" + end, "", MalformedRequest},
		{"another scheme", "n,,\x01auth=Basic alice-1" + end, "", MalformedRequest},
		{"no scheme", "n,,\x01auth=alice-1" + end, "", MalformedRequest},
		{"no token", "n,,\x01auth=Bearer " + end, "", MalformedRequest},
		{"no pairs", "n,," + end, "", MalformedRequest},
		{"not complete", "n,,\x01auth=Bearer alice-1\x01", "", MalformedRequest},
		{"more behind it", "n,,\x01auth=Bearer alice-1" + end + "x", "", MalformedRequest},
		{"NUL", "n,,\x01auth=Bearer alice-1\x00" + end, "", MalformedRequest},
		{"not UTF-8", "n,,\x01auth=Bearer \xff" + end, "", MalformedRequest},
	} {
		a, _ := elsewhere(t, users)
		x := a.Begin("localhost", secured)
		r := x.Start(t.Context(), "OAUTHBEARER", []byte(c.message))
		refused := c.want != "" && c.want != MalformedRequest && c.want != TemporaryAuthFailure
		if refused { // RFC 7628, 3.2.3
			if r.Kind != Challenge || string(r.Data) != `{"status":"invalid_token"}` {
				t.Errorf("%s: %+v", c.name, r)
			}
			r = x.Step(t.Context(), []byte("\x01"))
		}
		if r.Condition != c.want || (r.Kind == Success) != (c.want == "") || r.Account.Local() != c.account {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}

func TestATokenMayBeLongerThanAPassword(t *testing.T) {
	t.Parallel()
	long := "alice-" + strings.Repeat("x", 4000)
	a, _ := elsewhere(t, tokens{database{"alice@localhost " + long: nil}})
	if r := a.Begin("localhost", secured).Start(t.Context(), "PLAIN", []byte("\x00alice\x00"+long)); r.Kind != Success {
		t.Errorf("%+v", r)
	}
}

func TestEachGuestIsSomebodyNew(t *testing.T) {
	t.Parallel()
	a, err := New(Config{Accounts: stored{}, Secret: secret, Domains: map[string]Domain{"guests": {Guests: true}}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[events.JID]bool{}
	for _, trace := range []string{"", "sirhc", "alice@localhost", strings.Repeat("é", 255)} {
		r := a.Begin("guests", Channel{}).Start(t.Context(), "ANONYMOUS", []byte(trace))
		if r.Kind != Success || r.Role != roles.Guest || r.Account.Domain() != "guests" || len(r.Account.Local()) < 26 || seen[r.Account] {
			t.Errorf("%q: %+v", trace, r)
		}
		seen[r.Account] = true
	}
	for _, trace := range []string{"\xff", strings.Repeat("é", 256)} {
		if r := a.Begin("guests", Channel{}).Start(t.Context(), "ANONYMOUS", []byte(trace)); r.Condition != MalformedRequest {
			t.Errorf("%q: %+v", trace, r)
		}
	}
}
