package auth

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// accountsFunc implements CredentialStore.
type accountsFunc func(events.JID) (*Credentials, error)

func (f accountsFunc) Credentials(_ context.Context, account events.JID) (*Credentials, error) {
	return f(account)
}

// A ledger is a store of credentials and a log of their changes.
type ledger struct {
	stored         *Credentials
	changed, known events.Seq
	reads          int
	meanwhile      func() // runs while somebody reads
}

func (l *ledger) recent() *Recent {
	return NewRecent(accountsFunc(func(events.JID) (*Credentials, error) {
		l.reads++
		c := l.stored
		if l.meanwhile != nil {
			l.meanwhile()
		}
		if c == nil {
			return nil, ErrNoAccount
		}
		return c, nil
	}), func(events.JID) (changed, known events.Seq) { return l.changed, l.known })
}

var alice = events.StoredJID("alice@localhost")

// expect looks alice up, and checks which credentials she has and how many
// times the store has been read for them in all.
func (l *ledger) expect(t *testing.T, r *Recent, reads int, want *Credentials) {
	t.Helper()
	got, err := r.Credentials(t.Context(), alice)
	if got != want || want == nil && !errors.Is(err, ErrNoAccount) || want != nil && err != nil {
		t.Errorf("got %p, %v, want %p", got, err, want)
	}
	if l.reads != reads {
		t.Errorf("the store was read %d times, want %d", l.reads, reads)
	}
}

func TestRecentCredentialsAreReadOnceUntilTheLogTellsOfAChange(t *testing.T) {
	t.Parallel()
	first, second := &Credentials{Role: "first"}, &Credentials{Role: "second"}
	l := &ledger{stored: first, known: 7, changed: 3}
	r := l.recent()
	l.expect(t, r, 1, first)
	l.expect(t, r, 1, first)
	l.stored = second // the log will tell
	l.known = 9
	l.expect(t, r, 1, first)
	l.changed = 8
	l.expect(t, r, 2, second)
	l.expect(t, r, 2, second)
}

// The record of a change may be in the log and not yet known here: what is read
// then is fresh, but is read once more when the record comes.
func TestRecentCredentialsThatWereReadBeforeTheRecordOfTheirChangeAreReadAgain(t *testing.T) {
	t.Parallel()
	c := &Credentials{}
	l := &ledger{stored: c, known: 7}
	r := l.recent()
	l.expect(t, r, 1, c)
	l.known, l.changed = 8, 8
	l.expect(t, r, 2, c)
	l.expect(t, r, 2, c)
}

func TestRecentCredentialsAreForgotten(t *testing.T) {
	t.Parallel()
	first, second := &Credentials{Role: "first"}, &Credentials{Role: "second"}
	for name, forget := range map[string]func(*Recent){
		"one": func(r *Recent) { r.Forget(alice) },
		"all": (*Recent).ForgetAll,
	} {
		l := &ledger{stored: first, known: 1}
		r := l.recent()
		l.expect(t, r, 1, first)
		l.stored = second
		forget(r)
		// While they are read they change again: what comes of it is not kept.
		l.meanwhile = func() { l.stored = first; forget(r); l.meanwhile = nil }
		l.expect(t, r, 2, second)
		l.expect(t, r, 3, first)
		l.expect(t, r, 3, first)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestThatThereIsNoAccountIsNotKept(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	r := l.recent()
	l.expect(t, r, 1, nil)
	l.stored = &Credentials{}
	l.expect(t, r, 2, l.stored)
}

func TestRecentCredentialsAreBounded(t *testing.T) {
	t.Parallel()
	l := &ledger{stored: &Credentials{}}
	r := l.recent()
	for i := range maxRecent + 10 {
		if _, err := r.Credentials(t.Context(), events.StoredJID(fmt.Sprintf("user%d@localhost", i))); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.kept) != maxRecent {
		t.Errorf("%d accounts are kept, the limit is %d", len(r.kept), maxRecent)
	}
}
