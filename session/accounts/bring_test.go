package accounts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/presence"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

var errPulled = errors.New("the plug was pulled")

// laden is a bundle with one of everything.
func laden(t *testing.T, account, password string) *bundle.Bundle {
	t.Helper()
	b := bundle.New(jid(account))
	b.Password = password
	b.TakeContact("bob@localhost", "Bob", []string{"Friends"}, "both", false, false)
	b.TakeRequest("carol@localhost", nil)
	b.TakeBlocked("spam@localhost")
	for _, text := range []string{"first", "second"} {
		el, err := stanza.Parse([]byte("<message from='bob@localhost'><body>"+text+"</body></message>"), stanza.NSClient, stanza.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		b.TakeMessage(el, time.Unix(1, 0))
	}
	card, err := stanza.Parse([]byte("<vCard xmlns='vcard-temp'/>"), stanza.NSClient, stanza.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	b.TakeCard(card)
	return b
}

// kept says all that is kept of an account, and takes its messages.
func (w *world) kept(account string) (s string) {
	w.t.Helper()
	r, err := w.roster(w.t.Context(), jid(account))
	w.must(err)
	for i := range r.Items() {
		s += fmt.Sprint(i.JID, " ", i.Name, " ", i.Groups, " ", i.Subscription, "; ")
	}
	for q := range r.Requests() {
		s += fmt.Sprint("asked by ", q.From, "; ")
	}
	p, err := pep.Read(w.t.Context(), w.Private, jid(account))
	w.must(err)
	if n := p.Node(bundle.CardKey); n != nil {
		s += string(n.Items[0].XML) + "; "
	}
	doc, err := w.Blocked.Get(w.t.Context(), jid(account))
	if !errors.Is(err, events.ErrNotFound) {
		w.must(err)
	}
	blocked, err := presence.DecodeBlocked(doc)
	w.must(err)
	s += fmt.Sprint("blocks ", blocked)
	for m, err := range w.Waiting.Take(w.t.Context(), jid(account)) {
		w.must(err)
		el, err := stanza.Parse(m.Data, stanza.NSClient, stanza.Limits{})
		w.must(err)
		s += "; " + el.Child(stanza.NSClient, "body").Text()
	}
	return s
}

const all = "bob@localhost Bob [Friends] both; asked by carol@localhost; <vCard xmlns='vcard-temp'/>; blocks [spam@localhost]; first; second"

func TestAnAccountComesWhole(t *testing.T) {
	w := newWorld(t)
	outcome, err := w.Bring(t.Context(), Bringing{By: root}, laden(t, "alice@localhost", "pencil"))
	if err != nil || outcome != Made {
		t.Fatal(outcome, err)
	}
	if got := w.kept("alice@localhost"); got != all {
		t.Errorf("it has %s", got)
	}
	if !w.accepts("alice@localhost", "pencil") {
		t.Error("it can't log in")
	}
	if got := w.history("alice@localhost"); !slices.Equal(got, []string{"account_created!"}) {
		t.Errorf("its history is %q", got)
	}
}

// Whatever is the last thing that was stored when a process was killed, the account can't
// be used, and the next attempt makes it whole, with each message once.
func TestAnAccountThatStoppedHalfwayIsBroughtAnew(t *testing.T) {
	w := newWorld(t)
	stores := *w.Store
	for i, cut := range []func(s *Store){
		func(s *Store) { s.Rosters = unwritable{s.Rosters} },
		func(s *Store) { s.Private = unwritable{s.Private} },
		func(s *Store) { s.Blocked = unwritable{s.Blocked} },
		func(s *Store) { s.Waiting = &leaky{Waiting: s.Waiting, left: 1} },
		func(s *Store) { s.Keys = unwritableBucket{s.Keys} },
	} {
		account := fmt.Sprintf("u%d@localhost", i)
		broken := stores
		cut(&broken)
		admin, err := NewAdmin(w.bus.Log(), &broken, "admin")
		w.must(err)
		if _, err := admin.Bring(t.Context(), Bringing{}, laden(t, account, "pencil")); !errors.Is(err, errPulled) {
			t.Fatal(i, err)
		}
		if w.accepts(account, "pencil") {
			t.Errorf("%d: what is not whole can be used", i)
		}
		if outcome, err := w.Bring(t.Context(), Bringing{}, laden(t, account, "pencil")); outcome != Made || err != nil {
			t.Fatal(i, outcome, err)
		}
		if got := w.kept(account); got != all || !w.accepts(account, "pencil") {
			t.Errorf("%d: it has %s", i, got)
		}
	}
}

func TestAnAccountThatExistsStaysAsItIs(t *testing.T) {
	w := newWorld(t)
	w.must(w.Create(t.Context(), root, jid("alice@localhost"), "before"))
	outcome, err := w.Bring(t.Context(), Bringing{}, laden(t, "alice@localhost", "pencil"))
	if err != nil || outcome != Existed || !w.accepts("alice@localhost", "before") || w.kept("alice@localhost") != "blocks []" {
		t.Errorf("%v, %v, it has %s", outcome, err, w.kept("alice@localhost"))
	}
}

func TestAReplacedAccountKeepsItsRoleAndLosesItsSessions(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "before"))
	old, err := w.Credentials(t.Context(), alice)
	w.must(err)
	old.Role, old.Further = "admin", []string{"member"}
	_, err = events.Update(t.Context(), w.Keys, alice, func(events.Document) ([]byte, error) { return old.Encode(), nil })
	w.must(err)
	w.must(w.Waiting.Store(t.Context(), alice, []byte("<message from='x@localhost'><body>of before</body></message>")))
	w.login("alice@localhost", "phone")
	outcome, err := w.Bring(t.Context(), Bringing{By: root, Replace: true}, laden(t, "alice@localhost", "pencil"))
	if err != nil || outcome != Replaced || w.kept("alice@localhost") != all {
		t.Errorf("%v, %v, it has %s", outcome, err, w.kept("alice@localhost"))
	}
	c, err := w.Credentials(t.Context(), alice)
	w.must(err)
	if c.Role != "admin" || !slices.Equal(c.Further, old.Further) || !c.Created.Equal(old.Created) || c.Disabled || w.accepts("alice@localhost", "before") || !w.accepts("alice@localhost", "pencil") {
		t.Errorf("its credentials are %+v", c)
	}
	if got := w.history("alice@localhost"); !slices.Contains(got, "closed password_changed!") {
		t.Errorf("its history is %q", got)
	}
}

// Half of one account and half of another are nobody's: meanwhile it can't be used.
func TestAReplacementThatStoppedHalfwayIsFinishedByTheNextImport(t *testing.T) {
	w := newWorld(t)
	w.must(w.Create(t.Context(), root, jid("alice@localhost"), "before"))
	broken := *w.Store
	broken.Private = unwritable{broken.Private}
	admin, err := NewAdmin(w.bus.Log(), &broken, "admin")
	w.must(err)
	if _, err := admin.Bring(t.Context(), Bringing{Replace: true}, laden(t, "alice@localhost", "pencil")); !errors.Is(err, errPulled) {
		t.Fatal(err)
	}
	if w.accepts("alice@localhost", "before") || w.accepts("alice@localhost", "pencil") {
		t.Error("what is not whole can be used")
	}
	outcome, err := w.Bring(t.Context(), Bringing{}, laden(t, "alice@localhost", "pencil"))
	if err != nil || outcome != Replaced || !w.accepts("alice@localhost", "pencil") || w.kept("alice@localhost") != all {
		t.Errorf("%v, %v, it has %s", outcome, err, w.kept("alice@localhost"))
	}
}

func TestADisabledAccountStaysDisabledWhenItIsReplaced(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	c, err := auth.NewCredentials("before", time.Now())
	w.must(err)
	c.Disabled, c.Disabling = true, auth.Disabling{Reason: "spam"}
	_, err = w.Keys.Put(t.Context(), alice, c.Encode(), 0)
	w.must(err)
	_, err = w.Bring(t.Context(), Bringing{Replace: true}, laden(t, "alice@localhost", "pencil"))
	w.must(err)
	c, err = w.Credentials(t.Context(), alice)
	if err != nil || !c.Disabled || c.Disabling.Reason != "spam" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestAnAccountWithoutKeysComesOnlyIfItMay(t *testing.T) {
	w := newWorld(t)
	var refused *bundle.Refusal
	if _, err := w.Bring(t.Context(), Bringing{}, laden(t, "alice@localhost", "")); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
	if outcome, err := w.Bring(t.Context(), Bringing{Keyless: true}, laden(t, "alice@localhost", "")); outcome != Made || err != nil {
		t.Errorf("%v, %v", outcome, err)
	}
	if c, err := w.Credentials(t.Context(), jid("alice@localhost")); err != nil || c.SHA1.Iterations != 0 || w.accepts("alice@localhost", "") {
		t.Errorf("%+v, %v", c, err)
	}
}

// Whoever follows the documents learns it before the first of them can try to log in.
func TestADomainThatGetsKeysForSHA1AloneHasInheritedThem(t *testing.T) {
	w := newWorld(t)
	c, err := auth.NewCredentials("pencil", time.Now())
	w.must(err)
	b := bundle.New(jid("alice@localhost"))
	b.SHA1 = c.SHA1
	for _, one := range []*bundle.Bundle{laden(t, "u@example.org", "pencil"), b} {
		_, err = w.Bring(t.Context(), Bringing{}, one)
		w.must(err)
	}
	var known Inheritances
	domains := []string{"localhost", "example.org"}
	w.must(known.Load(t.Context(), w.Keys, domains))
	if in, ok := known.Of("localhost"); !ok || in.Iterations != auth.Iterations {
		t.Errorf("localhost has %+v", in)
	}
	if in, ok := known.Of("example.org"); ok {
		t.Errorf("example.org has %+v", in)
	}
	list, err := w.List(t.Context())
	if err != nil || len(list) != 2 {
		t.Errorf("there are %v, %v", list, err)
	}
	doc, err := w.Keys.Get(t.Context(), jid("localhost"))
	w.must(err)
	w.must(w.Keys.Delete(t.Context(), jid("localhost"), doc.Revision))
	known.Changed(events.Document{JID: jid("localhost"), Deleted: true})
	if _, ok := known.Of("localhost"); ok {
		t.Error("it never ends")
	}
	w.must(known.Load(t.Context(), w.Keys, domains))
	if _, ok := known.Of("localhost"); ok {
		t.Error("it comes again")
	}
}

// Once everybody has a new password the domain offers what others do; but not on the day
// of an import, which may be under way.
func TestAnInheritanceEndsWithTheLastOldPassword(t *testing.T) {
	w := newWorld(t)
	c, err := auth.NewCredentials("pencil", time.Now())
	w.must(err)
	b := bundle.New(jid("alice@localhost"))
	b.SHA1 = c.SHA1
	_, err = w.Bring(t.Context(), Bringing{}, b)
	w.must(err)
	var known Inheritances
	has := func() bool {
		w.must(known.Load(t.Context(), w.Keys, []string{"localhost"}))
		_, ok := known.Of("localhost")
		return ok
	}
	tomorrow := time.Now().Add(settled + time.Minute)
	w.must(w.Settle(t.Context(), []string{"localhost", "example.org"}, tomorrow))
	if !has() {
		t.Error("it has ended before she has a new password")
	}
	_, err = w.SetPassword(t.Context(), root, jid("alice@localhost"), "pen")
	w.must(err)
	w.must(w.Settle(t.Context(), []string{"localhost"}, time.Now()))
	if !has() {
		t.Error("it has ended on the day of the import")
	}
	w.must(w.Settle(t.Context(), []string{"localhost"}, tomorrow))
	if has() {
		t.Error("it has not ended")
	}
}

func TestWhatWasBroughtCanBePackedAgain(t *testing.T) {
	w := newWorld(t)
	want := laden(t, "alice@localhost", "pencil")
	_, err := w.Bring(t.Context(), Bringing{}, want)
	w.must(err)
	list, err := w.List(t.Context())
	w.must(err)
	list[0].Credentials.Role = "admin"
	got, err := w.Pack(t.Context(), list[0], w.bus.Waiting())
	w.must(err)
	if !bytes.Equal(got.Contacts.Encode(), want.Contacts.Encode()) || !bytes.Equal(got.Kept.Encode(), want.Kept.Encode()) ||
		!slices.Equal(got.Blocked, want.Blocked) || fmt.Sprintf("%q", got.Waiting) != fmt.Sprintf("%q", want.Waiting) || got.Keyless() {
		t.Errorf("it is %+v", got)
	}
	if len(got.Left) != 1 || got.Left[0].Item != "role admin" {
		t.Errorf("left are %v", got.Left)
	}
	if w.kept("alice@localhost") != all {
		t.Error("to pack it has changed it")
	}
}

func TestMessagesThatAreNotStoredAreNamed(t *testing.T) {
	w := newWorld(t)
	store := *w.Store
	store.Waiting = &leaky{Waiting: w.Waiting, left: 1, err: events.ErrFull}
	admin, err := NewAdmin(w.bus.Log(), &store, "admin")
	w.must(err)
	b := laden(t, "alice@localhost", "pencil")
	if _, err := admin.Bring(t.Context(), Bringing{}, b); err != nil || len(b.Left) != 1 || b.Left[0].Item != "waiting message 2" {
		t.Errorf("%v, %v", err, b.Left)
	}
}

func TestManyAreBroughtAndEachIsToldOf(t *testing.T) {
	w := newWorld(t)
	w.must(w.Create(t.Context(), root, jid("u0@localhost"), "before"))
	var list []*bundle.Bundle
	for i := range 5 {
		b := bundle.New(jid(fmt.Sprintf("u%d@localhost", i)))
		b.Password = "pencil"
		list = append(list, b)
	}
	list = append(list, list[1], bundle.New(jid("keyless@localhost")))
	told := map[string]int{}
	m := Moving{Admin: w.Admin, Told: func(one Moved) {
		told[fmt.Sprint(one.Account, " ", one.Outcome, " ", one.Err != nil)]++
	}}
	bundles := func(yield func(*bundle.Bundle, error) bool) {
		for _, b := range list {
			if !yield(b, nil) {
				return
			}
		}
		yield(nil, &bundle.Refusal{Account: "bad@localhost", Reason: errPulled})
	}
	w.must(m.Run(t.Context(), bundles))
	want := map[string]int{
		"u0@localhost 2 false": 1, "u1@localhost 0 false": 1, "u2@localhost 0 false": 1, "u3@localhost 0 false": 1, "u4@localhost 0 false": 1,
		"u1@localhost 0 true": 1, "keyless@localhost 0 true": 1, "bad@localhost 0 true": 1,
	}
	if fmt.Sprint(told) != fmt.Sprint(want) {
		t.Errorf("told of %v", told)
	}
}

func TestAnImportEndsWhereItsFileDoes(t *testing.T) {
	w := newWorld(t)
	bundles := iter.Seq2[*bundle.Bundle, error](func(yield func(*bundle.Bundle, error) bool) {
		if yield(laden(t, "alice@localhost", "pencil"), nil) && yield(nil, errPulled) {
			t.Error("it reads on")
		}
	})
	m := Moving{Admin: w.Admin, Told: func(Moved) {}}
	if err := m.Run(t.Context(), bundles); !errors.Is(err, errPulled) || !w.accepts("alice@localhost", "pencil") {
		t.Errorf("it ends with %v", err)
	}
}

// unwritable documents take no change.
type unwritable struct{ events.Documents }

func (unwritable) Put(context.Context, events.JID, []byte, uint64) (uint64, error) {
	return 0, errPulled
}

type unwritableBucket struct{ Bucket }

func (unwritableBucket) Put(context.Context, events.JID, []byte, uint64) (uint64, error) {
	return 0, errPulled
}

// A leaky store takes some messages and no more.
type leaky struct {
	Waiting
	left int
	err  error // nil: errPulled
}

func (l *leaky) Store(ctx context.Context, account events.JID, message []byte) error {
	if l.left--; l.left >= 0 {
		return l.Waiting.Store(ctx, account, message)
	}
	if l.err != nil {
		return l.err
	}
	return errPulled
}
