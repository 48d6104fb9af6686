package accounts

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

func TestADisabledAccountLosesItsSessionsAndNothingElse(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "secret"))
	_, err := w.Private.Put(t.Context(), alice, []byte("kept"), 0)
	w.must(err)
	w.must(w.bus.Waiting().Store(t.Context(), alice, []byte("waits")))
	w.login("alice@localhost", "phone")
	w.login("alice@localhost", "desk")
	ended, at, err := w.Disable(t.Context(), alice, session.DisableAccount{Text: "spam", By: root})
	if err != nil || len(ended) != 2 || at == 0 {
		t.Fatalf("%d sessions ended at %d, %v", len(ended), at, err)
	}
	if w.accepts("alice@localhost", "secret") {
		t.Error("it can be logged in to")
	}
	want := []string{"closed account_disabled!", "closed account_disabled!", "account_disabled!"}
	if got := w.history("alice@localhost"); !slices.Equal(got[len(got)-3:], want) {
		t.Errorf("the history is %q", got)
	}
	c, err := w.Credentials(t.Context(), alice)
	w.must(err)
	if want := (auth.Disabling{Reason: "spam", By: root}); c.Disabling != want {
		t.Errorf("it is disabled as %+v", c.Disabling)
	}

	_, err = w.Enable(t.Context(), root, alice)
	w.must(err)
	if doc, err := w.Private.Get(t.Context(), alice); err != nil || string(doc.Data) != "kept" {
		t.Errorf("it kept %q, %v", doc.Data, err)
	}
	if waits := slices.Collect(w.waiting(alice)); !slices.Equal(waits, []string{"waits"}) {
		t.Errorf("%q wait", waits)
	}
	if got := w.history("alice@localhost"); !w.accepts("alice@localhost", "secret") || got[len(got)-1] != "account_enabled!" {
		t.Errorf("it is not enabled; the history is %q", got)
	}
}

func TestADisablingEndsByItself(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "secret"))
	for until, accepted := range map[time.Duration]bool{-time.Second: true, time.Hour: false} {
		_, _, err := w.Disable(t.Context(), alice, session.DisableAccount{Until: time.Now().Add(until).UnixNano(), By: root})
		w.must(err)
		if got := w.accepts("alice@localhost", "secret"); got != accepted {
			t.Errorf("until in %s: a login is accepted: %t", until, got)
		}
	}
}

// Somebody who changes the password meanwhile does not enable the account by that, nor does
// the disabling bring the old password back.
func TestAnAccountIsDisabledOnTopOfANewPassword(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "old"))
	w.Keys = &overtaken{Bucket: w.bus.Accounts(), change: func() {
		w.must((&Store{Keys: w.bus.Accounts()}).SetPassword(t.Context(), alice, "new"))
	}}
	_, _, err := w.Disable(t.Context(), alice, session.DisableAccount{By: root})
	w.must(err)
	_, err = w.SetPassword(t.Context(), root, alice, "newest")
	w.must(err)
	if w.accepts("alice@localhost", "newest") {
		t.Error("a new password has enabled the account")
	}
	_, err = w.Enable(t.Context(), root, alice)
	w.must(err)
	if w.accepts("alice@localhost", "old") || !w.accepts("alice@localhost", "newest") {
		t.Error("the password is another")
	}
}

// A kick that holds for a while ends the one session that is meant, or all.
func TestADisablingCanSpareOtherSessions(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "secret"))
	phone := w.login("alice@localhost", "phone")
	w.login("alice@localhost", "desk")
	w.login("alice@localhost", "hall")
	for _, c := range []struct {
		which session.DisableAccount
		want  int
	}{
		{session.DisableAccount{Session: phone}, 1}, {session.DisableAccount{Session: phone}, 0}, {session.DisableAccount{Resource: "desk"}, 1},
		{session.DisableAccount{Resource: "desk"}, 0}, {session.DisableAccount{}, 1}, {session.DisableAccount{}, 0},
	} {
		c.which.Reason, c.which.By = events.ReasonKicked, root
		if ended, _, err := w.Disable(t.Context(), alice, c.which); err != nil || len(ended) != c.want {
			t.Errorf("%+v: ended %v, %v", c.which, ended, err)
		}
	}
	n := 0
	for _, name := range w.history("alice@localhost") {
		switch name {
		case "closed kicked!":
			n++
		case "account_disabled!":
			n += 100
		}
	}
	if n != 603 {
		t.Errorf("the history is %q", w.history("alice@localhost"))
	}
}

func TestAKickDoesNotShortenADisabling(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "secret"))
	disable := func(reason events.Reason, lasts time.Duration) {
		c := session.DisableAccount{Reason: reason, By: root, Text: string(reason)}
		if lasts > 0 {
			c.Until = time.Now().Add(lasts).UnixNano()
		}
		_, _, err := w.Disable(t.Context(), alice, c)
		w.must(err)
	}
	disable(events.ReasonAccountDisabled, time.Hour)
	for _, c := range []struct {
		reason events.Reason
		lasts  time.Duration
		want   events.Reason
	}{
		{events.ReasonKicked, time.Minute, events.ReasonAccountDisabled}, {events.ReasonKicked, 2 * time.Hour, events.ReasonKicked},
		{events.ReasonAccountDisabled, time.Minute, events.ReasonAccountDisabled}, {events.ReasonAccountDisabled, 0, events.ReasonAccountDisabled},
		{events.ReasonKicked, time.Hour, events.ReasonAccountDisabled},
	} {
		disable(c.reason, c.lasts)
		k, err := w.Credentials(t.Context(), alice)
		w.must(err)
		last, err := w.bus.Log().Last(t.Context(), alice)
		w.must(err)
		if k.Disabling.Reason != string(c.want) || nanoseconds(k.Disabling.Until) != last.Event.(events.AccountDisabled).Until {
			t.Errorf("after %s for %s it is disabled as %+v, on record %+v", c.reason, c.lasts, k.Disabling, last.Event)
		}
	}
}

func TestAnAccountThatIsNotThereIsNotDisabled(t *testing.T) {
	w := newWorld(t)
	nobody := jid("nobody@localhost")
	_, _, disabled := w.Disable(t.Context(), nobody, session.DisableAccount{By: root})
	_, enabled := w.Enable(t.Context(), root, nobody)
	for _, err := range []error{disabled, enabled} {
		if !errors.Is(err, auth.ErrNoAccount) || err.Error() != "nobody@localhost: no such account" {
			t.Errorf("%v", err)
		}
	}
	if got := w.history("nobody@localhost"); got != nil {
		t.Errorf("it has the history %q", got)
	}
}

func TestADisablingThatIsNotOnRecordIsRepeated(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "secret"))
	w.login("alice@localhost", "phone")
	failing, err := NewAdmin(fullLog{w.bus.Log()}, w.Store, "admin")
	w.must(err)
	if _, _, err := failing.Disable(t.Context(), alice, session.DisableAccount{By: root}); !errors.Is(err, events.ErrFull) || w.accepts("alice@localhost", "secret") {
		t.Errorf("%v", err)
	}
	if ended, _, err := w.Disable(t.Context(), alice, session.DisableAccount{By: root}); err != nil || len(ended) != 1 {
		t.Errorf("once more: %v, %v", ended, err)
	}
}

// Whichever of two changes at once is on record first, the history ends with the one that
// holds.
func TestAfterTwoChangesAtOnceTheHistoryEndsWithTheOneThatHolds(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), root, alice, "secret"))
	const other = events.Actor("token house")
	enable := func(a *Admin, by events.Actor) { _, err := a.Enable(t.Context(), by, alice); w.must(err) }
	disable := func(a *Admin, by events.Actor, text string) {
		_, _, err := a.Disable(t.Context(), alice, session.DisableAccount{Text: text, By: by})
		w.must(err)
	}
	for _, tt := range []struct {
		name      string
		slow      func(*Admin)
		meanwhile func()
		want      events.Event
	}{
		{"disabled, and enabled", func(a *Admin) { disable(a, root, "spam") }, func() { enable(w.Admin, other) }, events.AccountEnabled{By: root}},
		{"disabled twice", func(a *Admin) { disable(a, root, "one") }, func() { disable(w.Admin, other, "two") }, events.AccountDisabled{Text: "two", By: other}},
		{"enabled, and disabled", func(a *Admin) { enable(a, root) }, func() { disable(w.Admin, other, "spam") }, events.AccountDisabled{Text: "spam", By: other}},
	} {
		slow, err := NewAdmin(&slowLog{Log: w.bus.Log(), meanwhile: tt.meanwhile}, w.Store, "slow")
		w.must(err)
		tt.slow(slow)
		last, err := w.bus.Log().Last(t.Context(), alice)
		if err != nil || last.Event != tt.want {
			t.Errorf("%s: the history ends with %+v, %v, want %+v", tt.name, last.Event, err, tt.want)
		}
	}
}
