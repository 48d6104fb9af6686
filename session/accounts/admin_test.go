package accounts

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

func TestAnAccountThatIsMadeCanLogInAndItsHistoryBegins(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Vacant(t.Context(), alice))
	w.must(w.Create(t.Context(), root, alice, "secret"))
	if !w.accepts("alice@localhost", "secret") || w.accepts("alice@localhost", "guess") {
		t.Error("the password is another")
	}
	if got := w.history("alice@localhost"); !slices.Equal(got, []string{"account_created!"}) {
		t.Errorf("the history is %q", got)
	}
	for _, err := range []error{w.Vacant(t.Context(), alice), w.Create(t.Context(), root, alice, "other")} {
		if !errors.Is(err, ErrExists) || !errors.Is(err, events.ErrConflict) || err.Error() != "alice@localhost: the account exists already" {
			t.Errorf("once more: %v", err)
		}
	}
	if !w.accepts("alice@localhost", "secret") || len(w.history("alice@localhost")) != 1 {
		t.Error("the attempt to make it again changed it")
	}
}

func TestOfTwoThatMakeAnAccountOneIsRefused(t *testing.T) {
	w := newWorld(t)
	var both sync.WaitGroup
	results := make([]error, 2)
	for i, password := range []string{"first", "second"} {
		both.Go(func() { results[i] = w.Create(t.Context(), root, jid("alice@localhost"), password) })
	}
	both.Wait()
	refused := slices.IndexFunc(results, func(err error) bool { return errors.Is(err, ErrExists) })
	if refused < 0 || results[1-refused] != nil {
		t.Fatalf("%v", results)
	}
	if got := w.accepts("alice@localhost", "first"); got != (refused == 1) {
		t.Error("the password is that of the one that was refused")
	}
	if got := w.history("alice@localhost"); len(got) != 1 {
		t.Errorf("the history is %q", got)
	}
}

func TestABadPasswordChangesNothing(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	for _, password := range []string{"", "\x00", "a\xffb", strings.Repeat("x", 5000)} {
		if err := w.Create(t.Context(), root, alice, password); !errors.Is(err, auth.ErrPassword) {
			t.Errorf("make with %.10q: %v", password, err)
		}
	}
	w.must(w.Vacant(t.Context(), alice))
	w.must(w.Create(t.Context(), root, alice, "secret"))
	w.login("alice@localhost", "phone")
	before := w.history("alice@localhost")
	if _, err := w.SetPassword(t.Context(), root, alice, ""); !errors.Is(err, auth.ErrPassword) {
		t.Errorf("change: %v", err)
	}
	if !w.accepts("alice@localhost", "secret") || !slices.Equal(w.history("alice@localhost"), before) {
		t.Error("something changed")
	}
}

func TestANewPasswordEndsTheSessionsOfTheOldOne(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "old"))
	w.login("alice@localhost", "phone")
	w.login("alice@localhost", "desk")
	ended, err := w.SetPassword(t.Context(), root, alice, "new")
	if err != nil || len(ended) != 2 {
		t.Fatalf("%d sessions ended, %v", len(ended), err)
	}
	if !w.accepts("alice@localhost", "new") || w.accepts("alice@localhost", "old") {
		t.Error("the password is another")
	}
	want := []string{"closed password_changed!", "closed password_changed!", "password_changed!"}
	if got := w.history("alice@localhost"); !slices.Equal(got[len(got)-3:], want) {
		t.Errorf("the history is %q", got)
	}
}

func TestAPasswordThatIsChangedMeanwhileIsChangedOnTopOfThat(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "old"))
	w.Keys = &overtaken{Bucket: w.bus.Accounts(), change: func() {
		other := &Store{Keys: w.bus.Accounts()}
		w.must(other.SetPassword(t.Context(), alice, "theirs"))
	}}
	if _, err := w.SetPassword(t.Context(), root, alice, "ours"); err != nil {
		t.Fatal(err)
	}
	if !w.accepts("alice@localhost", "ours") {
		t.Error("the last change does not hold")
	}
}

func TestAnAccountThatIsNotThereCanBeNeitherChangedNorRemoved(t *testing.T) {
	w := newWorld(t)
	nobody := jid("nobody@localhost")
	_, changed := w.SetPassword(t.Context(), root, nobody, "secret")
	_, removed := w.Remove(t.Context(), root, nobody)
	_, contacts := w.Contacts(t.Context(), nobody)
	for _, err := range []error{changed, removed, contacts} {
		if !errors.Is(err, auth.ErrNoAccount) || err.Error() != "nobody@localhost: no such account" {
			t.Errorf("%v", err)
		}
	}
	if got := w.history("nobody@localhost"); got != nil {
		t.Errorf("it has the history %q", got)
	}
	w.must(w.Store.Remove(t.Context(), nobody)) // a client that asks twice
}

func TestAnAccountThatIsRemovedLeavesOnlyItsHistory(t *testing.T) {
	w := newWorld(t)
	alice, bob := jid("alice@localhost"), jid("bob@localhost")
	for _, a := range []events.JID{alice, bob} {
		w.must(w.Create(t.Context(), root, a, "secret"))
	}
	w.must(w.Befriend(t.Context(), alice, bob))
	w.login("alice@localhost", "phone")
	for _, docs := range []events.Documents{w.Blocked, w.Private} {
		_, err := docs.Put(t.Context(), alice, []byte("kept"), 0)
		w.must(err)
	}
	w.must(w.bus.Waiting().Store(t.Context(), alice, []byte("waits")))
	ended, err := w.Remove(t.Context(), root, alice)
	if err != nil || len(ended) != 1 || ended[0].JID().Resource() != "phone" {
		t.Fatalf("ended %v, %v", ended, err)
	}
	w.must(w.Vacant(t.Context(), alice))
	for _, docs := range []events.Documents{w.Blocked, w.Private, w.Rosters} {
		if doc, err := docs.Get(t.Context(), alice); !errors.Is(err, events.ErrNotFound) {
			t.Errorf("left is %q, %v", doc.Data, err)
		}
	}
	for doc, err := range w.Waiting.Take(t.Context(), alice) {
		t.Errorf("%q waits, %v", doc.Data, err)
	}
	r, err := w.Contacts(t.Context(), bob)
	if item, ok := r.Get(alice); err != nil || !ok || item.Subscription.String() != "none" {
		t.Errorf("in bob's roster it is %+v, %v", item, err)
	}
	got := w.history("alice@localhost")
	if want := []string{"closed account_removed!", "account_removed!"}; !slices.Equal(got[len(got)-2:], want) {
		t.Errorf("the history is %q", got)
	}
}

// A backup may have some of the documents of an account that was removed while it
// was made: a restore finishes that, whether there is a roster or not. Somebody who
// saw neither the removal nor the creation tells the two apart.
func TestTheSuccessorOfAnAccountHasAPseudonymOfItsOwn(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	last := func() names.Pseudonym {
		st, err := w.bus.Log().Last(t.Context(), alice)
		w.must(err)
		p, err := names.New(w.bus.Names(), w.bus.Log()).Of(t.Context(), &st)
		w.must(err)
		return p
	}
	w.must(w.Create(t.Context(), root, alice, "secret"))
	w.login("alice@localhost", "phone")
	first := last()
	_, err := w.Remove(t.Context(), root, alice)
	w.must(err)
	if p := last(); p != first {
		t.Errorf("its removal is of %s, not of %s", p, first)
	}
	w.must(w.Create(t.Context(), root, alice, "secret"))
	_, err = w.SetPassword(t.Context(), root, alice, "another")
	w.must(err)
	if second := last(); second == first || second.IsZero() {
		t.Errorf("the first is %s, the second %s", first, second)
	}
}

func TestARemovalIsFinishedWhateverIsLeft(t *testing.T) {
	w := newWorld(t)
	gone, again := jid("gone@localhost"), jid("again@localhost")
	for _, a := range []events.JID{gone, again} {
		w.must(w.Create(t.Context(), root, a, "secret"))
		_, err := w.Private.Put(t.Context(), a, []byte("left"), 0)
		w.must(err)
	}
	w.login("gone@localhost", "phone")
	w.must(w.Store.Remove(t.Context(), gone))
	for range 2 { // it may be repeated
		w.must(w.FinishRemoval(t.Context(), root, gone))
		w.must(w.FinishRemoval(t.Context(), root, again)) // which somebody else has made anew since
	}
	for _, a := range []events.JID{gone, again} {
		if doc, err := w.Private.Get(t.Context(), a); !errors.Is(err, events.ErrNotFound) {
			t.Errorf("left of %s is %q, %v", a, doc.Data, err)
		}
	}
	if got := w.history("gone@localhost"); !slices.Contains(got, "closed account_removed!") || got[len(got)-1] != "account_removed!" {
		t.Errorf("the history is %q", got)
	}
	if !w.accepts("again@localhost", "secret") || slices.Contains(w.history("again@localhost"), "account_removed!") {
		t.Errorf("the new account is gone: %q", w.history("again@localhost"))
	}
}

func TestARemovalGoesOnWhereItStopped(t *testing.T) {
	w := newWorld(t)
	alice, bob := jid("alice@localhost"), jid("bob@localhost")
	w.must(w.Create(t.Context(), root, alice, "secret"))
	w.must(w.Create(t.Context(), root, bob, "secret"))
	w.must(w.Befriend(t.Context(), alice, bob))
	w.must(w.Store.Remove(t.Context(), alice)) // and no further
	if _, err := w.Remove(t.Context(), root, alice); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Contacts(t.Context(), alice); !errors.Is(err, auth.ErrNoAccount) {
		t.Errorf("its roster is left: %v", err)
	}
	if got := w.history("alice@localhost"); got[len(got)-1] != "account_removed!" {
		t.Errorf("the history is %q", got)
	}
}

func TestAKickEndsOneSessionOrAll(t *testing.T) {
	w := newWorld(t)
	for _, resource := range []string{"phone", "desk", "hall"} {
		w.login("alice@localhost", resource)
	}
	for _, c := range []struct {
		who  string
		want int
	}{{"alice@localhost/garden", 0}, {"alice@localhost/phone", 1}, {"alice@localhost/phone", 0}, {"alice@localhost", 2}, {"alice@localhost", 0}, {"bob@localhost", 0}} {
		who := jid(c.who)
		ended, _, err := w.Kick(t.Context(), who, session.Kick{Resource: who.Resource(), Text: "at noon", By: root})
		if err != nil || len(ended) != c.want {
			t.Errorf("%s: %d sessions ended, want %d; %v", c.who, len(ended), c.want, err)
		}
	}
	got := w.history("alice@localhost")
	if n := len(slices.DeleteFunc(got, func(name string) bool { return name != "closed kicked!" })); n != 3 {
		t.Errorf("%d ends are in the history", n)
	}
}

func TestAnAdminDecidesOnWhatOthersWroteMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.login("alice@localhost", "phone")
	if ended, _, err := w.Kick(t.Context(), jid("alice@localhost"), session.Kick{By: root}); err != nil || len(ended) != 1 {
		t.Fatalf("%d, %v", len(ended), err)
	}
	w.login("alice@localhost", "desk") // by a connector, behind the admin's back
	if ended, _, err := w.Kick(t.Context(), jid("alice@localhost"), session.Kick{By: root}); err != nil || len(ended) != 1 {
		t.Errorf("%d, %v", len(ended), err)
	}
	// An account with a history that is made again, as after its removal.
	if err := w.Create(t.Context(), root, jid("alice@localhost"), "secret"); err != nil {
		t.Error(err)
	}
	w.wantForgotten("alice@localhost")
}

func TestIfTheLogTakesNothingTheErrorSaysWhatIsDone(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "old"))
	w.login("alice@localhost", "phone")
	cut, err := NewAdmin(fullLog{w.bus.Log()}, w.Store, "admin")
	w.must(err)
	if _, err := cut.SetPassword(t.Context(), root, alice, "new"); !errors.Is(err, events.ErrFull) || !strings.Contains(err.Error(), "is changed, but its history does not say so") {
		t.Errorf("%v", err)
	}
	if !w.accepts("alice@localhost", "new") {
		t.Error("the password is not changed")
	}
	if _, _, err := cut.Kick(t.Context(), alice, session.Kick{}); !errors.Is(err, events.ErrFull) {
		t.Errorf("a kick: %v", err)
	}
}

func TestAnAccountsJIDHasALocalpartAndNoResource(t *testing.T) {
	t.Parallel()
	if j, err := Parse("Alice@LOCALHOST"); err != nil || j.String() != "alice@localhost" {
		t.Errorf("%s, %v", j, err)
	}
	for _, s := range []string{"", "localhost", "alice@localhost/phone", "a b@localhost", "@localhost"} {
		if j, err := Parse(s); err == nil {
			t.Errorf("%q is the account %s", s, j)
		}
	}
}
