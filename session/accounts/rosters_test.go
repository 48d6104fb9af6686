package accounts

import (
	"errors"
	"testing"

	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

func (w *world) subscription(owner, contact string) string {
	w.t.Helper()
	r, err := w.Contacts(w.t.Context(), jid(owner))
	if err != nil {
		w.t.Fatal(err)
	}
	item, ok := r.Get(jid(contact))
	if !ok {
		return ""
	}
	return item.Subscription.String()
}

func TestFriendsSeeEachOther(t *testing.T) {
	w := newWorld(t)
	for range 2 { // again changes nothing
		w.must(w.Befriend(t.Context(), jid("alice@localhost"), jid("bob@localhost")))
	}
	if a, b := w.subscription("alice@localhost", "bob@localhost"), w.subscription("bob@localhost", "alice@localhost"); a != "both" || b != "both" {
		t.Errorf("%s and %s", a, b)
	}
}

func TestARosterThatIsChangedMeanwhileKeepsBothChanges(t *testing.T) {
	w := newWorld(t)
	alice, bob, carol := jid("alice@localhost"), jid("bob@localhost"), jid("carol@localhost")
	w.Rosters = &overtaken{Bucket: w.bus.Rosters(), change: func() {
		other := &Store{Rosters: w.bus.Rosters()}
		w.must(other.Befriend(t.Context(), alice, carol))
	}}
	w.must(w.Befriend(t.Context(), alice, bob))
	for _, contact := range []string{"bob@localhost", "carol@localhost"} {
		if got := w.subscription("alice@localhost", contact); got != "both" {
			t.Errorf("%s: %s", contact, got)
		}
	}
}

// A contact answers while an account is being removed: its answer must not bring
// the roster back.
func TestARosterIsGoneEvenIfAContactChangesItMeanwhile(t *testing.T) {
	w := newWorld(t)
	alice, bob, carol := jid("alice@localhost"), jid("bob@localhost"), jid("carol@localhost")
	w.must(w.Befriend(t.Context(), alice, bob))
	w.Rosters = &overtaken{Bucket: w.bus.Rosters(), onDelete: true, change: func() {
		other := &Store{Rosters: w.bus.Rosters()}
		w.must(other.Befriend(t.Context(), carol, alice))
	}}
	w.must(w.Forget(t.Context(), alice))
	if _, err := w.Contacts(t.Context(), alice); !errors.Is(err, auth.ErrNoAccount) {
		t.Errorf("the roster is there: %v", err)
	}
	for _, contact := range []string{"bob@localhost", "carol@localhost"} {
		if got := w.subscription(contact, "alice@localhost"); got != "none" {
			t.Errorf("%s's roster has it with %q", contact, got)
		}
	}
}

func TestSomebodyWithOnlyARequestIsTakenOutToo(t *testing.T) {
	w := newWorld(t)
	alice, bob := jid("alice@localhost"), jid("bob@localhost")
	w.must(w.move(t.Context(), bob, alice, step{false, roster.Subscribe}))
	w.must(w.move(t.Context(), alice, bob, step{true, roster.Subscribe}))
	w.must(w.Forget(t.Context(), alice))
	r, err := w.Contacts(t.Context(), bob)
	if err != nil && !errors.Is(err, auth.ErrNoAccount) {
		t.Fatal(err)
	}
	for q := range r.Requests() {
		t.Errorf("a request is left: %+v", q)
	}
}

func TestContactsAreThoseOfAnAccountThatThereIs(t *testing.T) {
	w := newWorld(t)
	w.must(w.Create(t.Context(), root, jid("alice@localhost"), "secret"))
	if r, err := w.Contacts(t.Context(), jid("alice@localhost")); err != nil || r.Len() != 0 {
		t.Errorf("an empty roster: %v", err)
	}
	if _, err := w.Rosters.Put(t.Context(), jid("bob@localhost"), []byte("junk"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Contacts(t.Context(), jid("bob@localhost")); err == nil || errors.Is(err, auth.ErrNoAccount) {
		t.Errorf("a roster that can't be read: %v", err)
	}
	if err := w.Befriend(t.Context(), jid("alice@localhost"), jid("bob@localhost")); err == nil {
		t.Error("it is overwritten")
	}
	if doc, err := w.Rosters.Get(t.Context(), jid("bob@localhost")); err != nil || string(doc.Data) != "junk" {
		t.Errorf("it is now %q, %v", doc.Data, err)
	}
}

func TestAllConnectorsHaveOneSecret(t *testing.T) {
	w := newWorld(t)
	secrets := map[string]bool{}
	for range 3 {
		secret, err := SharedSecret(t.Context(), w.Keys)
		if err != nil || len(secret) != secretSize {
			t.Fatalf("%d bytes, %v", len(secret), err)
		}
		secrets[string(secret)] = true
	}
	if len(secrets) != 1 {
		t.Errorf("%d secrets", len(secrets))
	}
	if list, err := w.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("it is taken for an account: %v, %v", list, err)
	}
}

func TestAccountsAreListedByDomainAndName(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"bob@b.example", "carol@a.example", "alice@b.example"} {
		w.must(w.Create(t.Context(), root, jid(name), "secret"))
	}
	if _, err := w.Keys.Put(t.Context(), jid("junk@a.example"), []byte("junk"), 0); err != nil {
		t.Fatal(err)
	}
	list, err := w.List(t.Context())
	if err != nil || len(list) != 4 {
		t.Fatalf("%v, %v", list, err)
	}
	for i, want := range []string{"carol@a.example", "junk@a.example", "alice@b.example", "bob@b.example"} {
		a := list[i]
		if a.JID.String() != want || (a.Err != nil) != (want == "junk@a.example") || (a.Credentials == nil) != (a.Err != nil) {
			t.Errorf("%d: %+v, want %s", i, a, want)
		}
	}
}
