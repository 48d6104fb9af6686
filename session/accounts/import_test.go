package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// read gives an import of lines that are all good.
func (w *world) read(lines ...string) *Import {
	w.t.Helper()
	entries, bad, err := ReadEntries(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil || len(bad) > 0 {
		w.t.Fatal(bad, err)
	}
	return &Import{Admin: w.Admin, Entries: entries}
}

func TestAnImportMakesAccountsOnceAndCanBeRepeated(t *testing.T) {
	w := newWorld(t)
	w.must(w.Create(t.Context(), root, jid("u0@localhost"), "before"))
	var lines []string
	for i := range 10 {
		lines = append(lines, fmt.Sprintf("u%d@localhost:secret%d", i, i))
	}
	for round, want := range []int{9, 0} {
		im := w.read(lines...)
		var done atomic.Int64
		im.Done = func() { done.Add(1) }
		if bad, err := im.MakeKeys(t.Context()); err != nil || len(bad) > 0 || done.Load() != 10 {
			t.Fatalf("round %d: bad lines %v, %v, after %d", round, bad, err, done.Load())
		}
		made, err := im.Store(t.Context())
		if err != nil || made != want || im.Existed() != 10-want || int(done.Load()) != 10+want {
			t.Errorf("round %d: made %d, existed %d, %v, after %d", round, made, im.Existed(), err, done.Load())
		}
	}
	if !w.accepts("u7@localhost", "secret7") || !w.accepts("u0@localhost", "before") {
		t.Error("the passwords are others")
	}
	if got := w.history("u7@localhost"); len(got) != 1 || got[0] != "account_created!" {
		t.Errorf("the history is %q", got)
	}
	for _, e := range w.read(lines...).Entries {
		w.wantForgotten(e.Account.String())
	}
}

func TestKeysAreMadeAndNothingIsStored(t *testing.T) {
	w := newWorld(t)
	im := w.read("a@localhost:secret", "b@localhost:", "c@localhost:\u0000")
	bad, err := im.MakeKeys(t.Context())
	if err != nil || len(bad) != 2 || bad[0].Line != 2 || bad[1].Line != 3 || !errors.Is(bad[0].Err, auth.ErrPassword) {
		t.Errorf("bad lines %v, %v", bad, err)
	}
	w.must(w.Vacant(t.Context(), jid("a@localhost")))
	// Whoever skips the bad lines gets the others.
	if made, err := im.Store(t.Context()); made != 1 || err != nil {
		t.Errorf("made %d, %v", made, err)
	}
}

func TestAnImportThatIsStoppedWhileKeysAreMadeLeavesEverythingAsItWas(t *testing.T) {
	w := newWorld(t)
	im := w.read("a@localhost:secret", "b@localhost:secret")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := im.MakeKeys(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
	for _, e := range im.Entries {
		w.must(w.Vacant(t.Context(), e.Account))
	}
}

func TestAnAccountMadeMeanwhileStays(t *testing.T) {
	w := newWorld(t)
	im := w.read("a@localhost:ours", "b@localhost:ours")
	if _, err := im.MakeKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.must(w.Create(t.Context(), root, jid("a@localhost"), "theirs"))
	if made, err := im.Store(t.Context()); made != 1 || im.Existed() != 1 || err != nil {
		t.Errorf("made %d, existed %d, %v", made, im.Existed(), err)
	}
	if !w.accepts("a@localhost", "theirs") {
		t.Error("it was overwritten")
	}
}

func TestAnImportNamesItsDomainsOnce(t *testing.T) {
	t.Parallel()
	got := Domains([]Entry{{Account: jid("a@x")}, {Account: jid("b@y")}, {Account: jid("c@x")}})
	if fmt.Sprint(got) != "[x y]" {
		t.Errorf("%q", got)
	}
}
