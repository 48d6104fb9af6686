package roster

import (
	"errors"
	"testing"
)

// A stanza about one request does nothing to another: RFC 6121, appendix A.3,
// for stanzas that come late.
func TestWhatIsLateDoesNothingToANewerRequest(t *testing.T) {
	t.Parallel()
	asks, has, gives := state{ask: true, ours: 5}, state{pendingIn: true, theirs: 5}, state{from: true, theirs: 5}
	watches := state{to: true, ours: 5}
	for _, c := range []struct {
		name   string
		before state
		kind   Kind
		about  number
		after  state
	}{
		{"an approval", asks, Subscribed, 4, asks},
		{"its own approval", asks, Subscribed, 5, watches},
		{"an approval of before there were numbers", asks, Subscribed, 0, watches},
		{"a refusal", asks, Unsubscribed, 4, asks},
		{"a refusal of what was granted", watches, Unsubscribed, 4, watches},
		{"its own refusal", watches, Unsubscribed, 5, state{}},
		{"an end", has, Unsubscribe, 4, has},
		{"the end of what was granted", gives, Unsubscribe, 4, gives},
		{"its own end", gives, Unsubscribe, 5, state{}},
		{"a request", has, Subscribe, 4, has},
		{"a request before one that was granted", gives, Subscribe, 4, gives},
		{"the request again", gives, Subscribe, 5, gives},
		{"a newer request", has, Subscribe, 6, state{pendingIn: true, theirs: 6}},
		{"a newer request than the one that was granted", gives, Subscribe, 6, state{pendingIn: true, theirs: 6}},
	} {
		if got, _ := c.before.inbound(c.kind, c.about); got != c.after {
			t.Errorf("%s makes of %+v %+v, want %+v", c.name, c.before, got, c.after)
		}
	}
}

// A user refuses the requests that it knows of. When another one was granted in
// advance meanwhile the refusal begins anew, and one that nobody has answered yet
// stays.
func TestARefusalIsOfTheRequestsThatItsUserKnew(t *testing.T) {
	t.Parallel()
	c, err := (*Roster)(nil).Outbound(bob, Subscribed)
	approved := must(t, c, err)
	if c, err = approved.refuse(bob, 0); err != nil || c.Roster.state(bob).approved {
		t.Errorf("an approval in advance that nobody has used: %+v, %v", c, err)
	}
	c, err = approved.Inbound(bob, Subscribe, 3, []byte("<presence/>"))
	granted := must(t, c, err)
	for name, by := range map[string]func(number) (Change, error){
		"refuse": func(n number) (Change, error) { return granted.refuse(bob, n) },
		"remove": func(n number) (Change, error) { return granted.remove(bob, n) },
	} {
		if _, err := by(0); !errors.Is(err, errGranted) {
			t.Errorf("%s, when it was granted meanwhile: %v", name, err)
		}
		if c, err := by(3); err != nil || c.Roster.state(bob) != (state{}) {
			t.Errorf("%s, when it was known: %+v, %v", name, c, err)
		}
	}
	c, err = (*Roster)(nil).Set(bob, "", nil)
	c, err = must(t, c, err).Inbound(bob, Subscribe, 3, []byte("<presence/>"))
	asked := must(t, c, err)
	refused, err := asked.refuse(bob, 2)
	if removed, err2 := asked.remove(bob, 2); len(must(t, refused, err).requests) != 1 || len(must(t, removed, err2).requests) != 1 {
		t.Error("a request is gone that nobody has refused")
	}
}

// A roster may still say that it is watched by an account that was removed.
func TestARosterAgreesWithOneThatIsGone(t *testing.T) {
	t.Parallel()
	s := newStage(t, 0)
	c, err := (*Roster)(nil).Inbound(alice, Subscribe, 7, []byte("<presence/>"))
	c, err = must(t, c, err).Outbound(alice, Subscribed)
	s.rosters[bob] = must(t, c, err)
	if err := Agree(s, alice, bob); err != nil || s.rosters[bob].WatchedBy(alice) {
		t.Errorf("bob's roster has %+v, %v", s.rosters[bob].state(alice), err)
	}
}

func TestTheDocumentWithNumbersIsFrozen(t *testing.T) {
	t.Parallel()
	r := sample(t)
	c, err := r.Outbound(bob, Unsubscribe)
	c, err = must(t, c, err).Outbound(bob, Subscribe)
	c, err = must(t, c, err).Inbound(bob, Subscribe, 300, nil) // granted in advance
	c, err = must(t, c, err).Inbound(stranger(1), Subscribe, 70_000, []byte("<presence type='subscribe'/>"))
	freeze(t, "roster.numbers.hex", must(t, c, err))
}
