package guess_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/guess"
)

const home = "192.0.2.7"

// elsewhere draws an address that is not home, often near it.
func elsewhere(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		"192.0.2.8", "192.0.77.1", "198.51.100.1", "203.0.113.5", "2001:db8::1", "2001:db8::2", "2001:db8:1::1", "::ffff:203.0.113.5",
	}).Draw(t, "address")
}

// anything happens, but for what the owner of alice does.
func (w *world) anything(t *rapid.T) {
	who := account(rapid.SampledFrom([]string{"alice", "alice", "bob", "carol", "nobody"}).Draw(t, "account"))
	switch c := from(who, elsewhere(t)); rapid.IntRange(0, 5).Draw(t, "what") {
	case 0:
		w.pass(time.Duration(rapid.IntRange(1, 7200).Draw(t, "seconds")) * time.Second)
	case 1:
		w.Elsewhere(who, c.Address)
	case 2:
		if who != alice {
			w.logIn(c)
		}
	case 3:
		try := w.Begin(c)
		try.Void()
	default:
		for range rapid.IntRange(1, 100).Draw(t, "guesses") {
			w.guess(c)
		}
	}
}

func TestAnOwnerWhereSheHasLoggedInAlwaysGetsIn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(guess.Config{})
		w.logIn(from(alice, home))
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			w.anything(t)
			if rapid.Bool().Draw(t, "mistyped") {
				w.guess(from(alice, home))
			}
			if !w.logIn(from(alice, home)) {
				t.Fatal("she is refused")
			}
		}
	})
}

// The first try anywhere is looked at, unless others have used up what the address has
// for all; where she has logged in nearby, even then.
func TestAnOwnerIsSlowedDownByWhatHappensElsewhereAndNotShutOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(guess.Config{})
		w.logIn(from(alice, home))
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			w.anything(t)
		}
		if !w.logIn(from(alice, "198.18.0.1")) {
			t.Error("she is refused where nobody was before")
		}
		for i := range 100 {
			w.guess(from(account(fmt.Sprint("user", i)), "192.0.99.1"))
		}
		if !w.logIn(from(alice, "192.0.99.1")) {
			t.Error("she is refused at an address of her carrier's")
		}
	})
}

// The answers that a guesser gets about an account do not depend on where its owner is at
// home.
func TestPlacesAreNotSeenByWhoeverIsWrong(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known, unknown := newWorld(guess.Config{}), newWorld(guess.Config{})
		known.Learn(from(alice, home), known.at)
		unknown.Learn(from(bob, home), unknown.at) // the address has a friend here and there
		for range rapid.IntRange(1, 300).Draw(t, "guesses") {
			c := from(alice, home)
			if rapid.IntRange(0, 3).Draw(t, "at") == 0 {
				c = from(account(rapid.SampledFrom([]string{"alice", "carol"}).Draw(t, "account")), elsewhere(t))
			}
			told, want := known.guess(c) == guess.Open, unknown.guess(c) == guess.Open
			if told != want {
				t.Fatalf("%v is told: %v where she is at home, %v where not", c, told, want)
			}
			d := time.Duration(rapid.IntRange(0, 600).Draw(t, "seconds")) * time.Second
			known.pass(d)
			unknown.pass(d)
		}
	})
}

// Tries at the same time are no more than those one after the other, whatever becomes of
// them.
func TestCountsNeverExceedTheirBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(guess.Config{})
		pair, network, begun := 0, 0, w.at
		var open []*guess.Try
		for range rapid.IntRange(1, 400).Draw(t, "tries") {
			who := account(fmt.Sprint("user", rapid.IntRange(0, 3).Draw(t, "account")))
			try := w.Begin(from(who, home))
			switch {
			case try.Ruling() != guess.Open:
				try.Void()
			case rapid.IntRange(0, 4).Draw(t, "end") == 0:
				try.Void()
			default:
				if network++; who == account("user0") {
					pair++
				}
				open = append(open, &try)
			}
			if len(open) > 0 && rapid.Bool().Draw(t, "answer") {
				open[0].Failed()
				open = open[1:]
			}
			w.pass(time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds")) * time.Second)
		}
		took := w.at.Sub(begun)
		for what, bound := range map[string][2]float64{
			"of an account and an address in minutes": {float64(pair), 5 + took.Minutes()},
			"of an account and an address in hours":   {float64(pair), 20 + took.Hours()},
			"of an address":                           {float64(network), 20 + took.Hours()*2},
		} {
			if bound[0] > bound[1]+1e-3 {
				t.Errorf("%s: %v of at most %v", what, bound[0], bound[1])
			}
		}
	})
}

// A flood of names and addresses pushes out itself: what was counted of others stays, and
// so do the owners' places.
func TestAFloodIsForgottenBeforeWhatMatters(t *testing.T) {
	t.Parallel()
	w := newWorld(guess.Config{Pairs: 10_000, Accounts: 1000, Networks: 1000, Known: 1000})
	for i := range 500 {
		w.logIn(from(account(fmt.Sprint("owner", i)), home))
	}
	for range 20 {
		w.hammer(from(alice, "203.0.113.5"))
		w.pass(time.Minute)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 50_000 {
		var a [16]byte
		for j := range a {
			a[j] = byte(random.Uint32())
		}
		w.guess(guess.Client{Account: account(fmt.Sprint("flood", i)), Address: netip.AddrFrom16(a)})
	}
	if told := w.hammer(from(alice, "203.0.113.5")); told > 1 {
		t.Errorf("after a flood a guesser is told %d more", told)
	}
	for i := range 500 {
		c := from(account(fmt.Sprint("owner", i)), home)
		w.hammer(c)
		if !w.logIn(c) {
			t.Fatalf("the flood has pushed out the place of owner %d", i)
		}
	}
	if pairs, accounts, networks, known := w.Sizes(); pairs > 10_000 || accounts > 1000 || networks > 1000 || known > 1000 {
		t.Errorf("remembered are %d, %d, %d and %d", pairs, accounts, networks, known)
	}
}

// One account of one's own pushes out no places of others, and its own oldest.
func TestAnAccountHasFewPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(guess.Config{Known: 10})
	for i := range 9 {
		w.logIn(from(account(fmt.Sprint("owner", i)), home))
	}
	w.pass(time.Hour)
	for i := range 10_000 {
		w.Learn(from(bob, apart(i)), w.at)
	}
	for i := range 9 {
		c := from(account(fmt.Sprint("owner", i)), home)
		if w.hammer(c); !w.logIn(c) {
			t.Errorf("owner %d is no longer known", i)
		}
	}
}

func TestAPlaceIsForgottenAfterAMonth(t *testing.T) {
	t.Parallel()
	for days, want := range map[int]bool{29: true, 31: false} {
		w := newWorld(guess.Config{})
		w.Learn(from(alice, home), w.at)
		w.pass(time.Duration(days) * 24 * time.Hour)
		w.hammer(from(alice, home))
		if got := w.logIn(from(alice, home)); got != want {
			t.Errorf("after %d days: %v", days, got)
		}
	}
}

// A school's address, a company's: the more log in there, the more may fail.
func TestAnAddressMayFailInRelationToItsLogins(t *testing.T) {
	t.Parallel()
	for friends, want := range map[int]int{0: 20, 1: 25, 100: 520} {
		w := newWorld(guess.Config{})
		for i := range friends {
			w.logIn(from(account(fmt.Sprint("friend", i)), home))
			w.logIn(from(account(fmt.Sprint("friend", i)), home)) // counts once a day
		}
		told := 0
		for i := range 1000 {
			if w.guess(from(account(fmt.Sprint("victim", i)), home)) == guess.Open {
				told++
			}
		}
		if told != want {
			t.Errorf("with %d friends %d may fail, want %d", friends, told, want)
		}
	}
}

// Logins that others have reported are known too, with the time at which they were.
// As many as anybody has of IPv6, and of IPv4 whoever has a network.
func TestOneAccountThatLogsInFromManyAddressesIsNotManyAccounts(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"203.0.113.%d", "2001:db8:1:%x::1"} {
		w := newWorld(guess.Config{})
		told := func() (n int) {
			for i := range 5000 {
				who := account(fmt.Sprintf("victim%d", i))
				if w.guess(from(who, fmt.Sprintf(network, i%200))) == guess.Open {
					n++
				}
			}
			return n
		}
		usual := told()
		w.pass(30 * 24 * time.Hour)
		for i := range 2000 {
			if !w.logIn(from(bob, fmt.Sprintf(network, i%200))) {
				t.Fatal("he is refused")
			}
		}
		if n := told(); n > 10*usual {
			t.Errorf("%s: he may fail %d times, with no account of his own %d", network, n, usual)
		}
	}
}

func TestPlacesAreLearntFromTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(guess.Config{})
	w.Learn(from(alice, home), w.at.Add(-20*24*time.Hour))
	w.Learn(guess.Client{Account: events.StoredJID("bob@localhost")}, w.at) // from no address
	if w.hammer(from(alice, home)); !w.logIn(from(alice, home)) {
		t.Error("alice is refused at home")
	}
}

func TestClientsOfThisMachineHaveNoLimitTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(guess.Config{})
	for i := range 1000 {
		if w.guess(from(account(fmt.Sprint("user", i)), "127.0.0.1")) != guess.Open {
			t.Fatalf("the first try of user %d is refused", i)
		}
	}
	if told := w.hammer(from(account("user0"), "127.0.0.1")); told > 4 {
		t.Errorf("%d guesses more at one account were answered", told)
	}
}
