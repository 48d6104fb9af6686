// Package authtest is what every [auth.Verifier] has to do: a suite that each
// implementation passes in its own tests, with its own database behind it.
package authtest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// Domain is that of the users, who are [Alice] and [Bob].
const Domain = "example.org"

// The users of a [World].
var (
	Alice = events.StoredJID("alice@" + Domain)
	Bob   = events.StoredJID("bob@" + Domain)
)

// A World is a database with two users, and a verifier that asks it.
type World struct {
	Verifier auth.Verifier
	// Right is a user's password, and wrong for the other one.
	Right func(account events.JID) string
	// Wrong are passwords that nobody has, beside those that the suite knows.
	Wrong []string
	// Faults make the database fail, by what each does. Each is called once, on a world
	// of its own.
	Faults map[string]func()
	// Mend ends a fault; nil: there is none that ends.
	Mend func()
}

// patience bounds a question in the suite. A fault takes at most impatience.
const (
	patience   = 20 * time.Second
	impatience = 300 * time.Millisecond
)

// Run runs the suite; start makes a world, which the test's Cleanup ends.
func Run(t *testing.T, start func(t *testing.T) *World) {
	each := func(name string, does func(t *testing.T, w *World)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			does(t, start(t))
		})
	}
	each("right, wrong and unknown are told apart", judge)
	each("questions at once keep their answers", atOnce)
	each("a question that is over is given up", givenUp)
	for name := range start(t).Faults {
		each("no answer: "+name, func(t *testing.T, w *World) { fault(t, w, name) })
	}
}

func (w *World) check(t *testing.T, account events.JID, password string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := w.Verifier.Check(ctx, account, password)
	quoteless(t, err, password)
	return err
}

// quoteless finds a password in an error, which goes to a log.
func quoteless(t *testing.T, err error, password string) {
	t.Helper()
	if err != nil && password != "" && strings.Contains(err.Error(), password) {
		t.Errorf("the error has the password: %v", err)
	}
}

func judge(t *testing.T, w *World) {
	for _, account := range []events.JID{Alice, Bob, Alice} { // the second time by whatever was kept
		if err := w.check(t, account, w.Right(account)); err != nil {
			t.Errorf("%s with the right password: %v", account, err)
		}
	}
	refused := func(account events.JID, password string) {
		t.Helper()
		if err := w.check(t, account, password); !errors.Is(err, auth.ErrWrongPassword) && !errors.Is(err, auth.ErrNoAccount) {
			t.Errorf("%s with %.40q: %v", account, password, err)
		}
	}
	for _, password := range append([]string{
		"", "x", "*", w.Right(Bob), w.Right(Alice) + "x", strings.ToUpper(w.Right(Alice)), strings.Repeat("long", 200), "\u00e9\u4e16", "a b", "\"}", "&password=",
	}, w.Wrong...) {
		refused(Alice, password)
	}
	for _, user := range []string{"carol", "alic", "alice2", "*", "a*", "(uid=*)", "alice)(uid=*", "alice,ou=x", "al\\69ce", "..", "alice#"} {
		account, err := events.NewJID(user, Domain, "")
		if err != nil {
			t.Fatal(err)
		}
		refused(account, w.Right(Alice))
	}
}

func atOnce(t *testing.T, w *World) {
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			account, other := Alice, Bob
			if i%2 == 0 {
				account, other = Bob, Alice
			}
			err := w.check(t, account, w.Right(account))
			if i%3 == 0 {
				if err := w.check(t, account, w.Right(other)); !errors.Is(err, auth.ErrWrongPassword) {
					t.Errorf("%s with the other's password: %v", account, err)
				}
			}
			if err != nil {
				t.Errorf("%s: %v", account, err)
			}
		})
	}
	all.Wait()
}

func givenUp(t *testing.T, w *World) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Verifier.Check(ctx, Alice, w.Right(Alice)); err != nil && auth.IsAnswer(err) {
		t.Errorf("a question that was over: %v", err)
	}
	if err := w.check(t, Alice, w.Right(Alice)); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

// fault expects no answer, soon, to right and wrong passwords alike, and the right one
// again when the database is well.
func fault(t *testing.T, w *World, name string) {
	if err := w.check(t, Bob, w.Right(Bob)); err != nil {
		t.Fatalf("before: %v", err)
	}
	w.Faults[name]()
	for _, password := range []string{w.Right(Alice), "wrong-password"} {
		ctx, cancel := context.WithTimeout(t.Context(), impatience)
		err := w.Verifier.Check(ctx, Alice, password)
		cancel()
		if auth.IsAnswer(err) {
			t.Errorf("it is %v", err)
		}
		quoteless(t, err, password)
	}
	if w.Mend == nil {
		return
	}
	w.Mend()
	for i := 0; ; i++ { // what was on its way may fail still
		err := w.check(t, Alice, w.Right(Alice))
		if err == nil {
			return
		}
		if i == 10 {
			t.Fatalf("afterwards: %v", err)
		}
	}
}
