package auth

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestARecalledPasswordIsRightOnlyWithTheKeysItWasCheckedWith(t *testing.T) {
	t.Parallel()
	r := newRecall()
	alice, bob := events.StoredJID("alice@localhost"), events.StoredJID("bob@localhost")
	first, second := sha256Keys(t, "secret"), sha256Keys(t, "other")
	for i, c := range []struct {
		account  events.JID
		keys     Keys
		password string
		want     bool
	}{
		{alice, first, "wrong", false},
		{alice, first, "secret", true},
		{alice, first, "secret", true}, // recalled
		{alice, first, "wrong", false},
		{bob, first, "wrong", false},
		{alice, second, "secret", false}, // changed meanwhile
		{alice, second, "other", true},
		{alice, second, "secret", false},
	} {
		got, err := r.verify(c.account, c.keys, hashSHA256, c.password)
		if err != nil || got != c.want {
			t.Errorf("%d: %s with %q: %v, %v", i, c.account, c.password, got, err)
		}
	}
}

func TestRecallIsBounded(t *testing.T) {
	t.Parallel()
	r := newRecall()
	for i := range maxRecalled + 10 {
		r.remember(events.StoredJID(fmt.Sprintf("user%d@localhost", i)), [32]byte{})
	}
	if len(r.seen) != maxRecalled {
		t.Errorf("%d accounts are recalled, the limit is %d", len(r.seen), maxRecalled)
	}
}

func sha256Keys(t *testing.T, password string) Keys {
	t.Helper()
	c, err := NewCredentials(password, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return c.SHA256
}
