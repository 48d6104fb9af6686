package guess_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/guess"
)

// The figures that a guesser achieves in a day are in docs/design.md. One that has more
// addresses than here does not exist for less money than a new phone for each victim.

// guessers are tried in steps that are as long as it takes to count them.
var guessers = []struct {
	addresses    int
	step         time.Duration
	first, later int // passwords told of one account, on the first day and on each one after
	all, allTo   int // of all accounts together
}{
	{1, 10 * time.Second, 44, 24, 68, 48},
	{100, time.Minute, 700, 400, 6800, 4800},
	{10_000, time.Hour, 70_000, 40_000, 680_000, 480_000},
}

// day guesses for a day from each address, at whichever account next says, and counts
// what it was told.
func (w *world) day(addresses int, step time.Duration, next func() string) (told int) {
	for end := w.at.Add(24 * time.Hour); w.at.Before(end); w.pass(step) {
		for a := range addresses {
			for w.guess(from(account(next()), apart(a))) == guess.Open {
				told++
			}
		}
	}
	return told
}

func expect(t *testing.T, what string, got, want int) {
	t.Helper()
	if got > want || got < want*9/10 {
		t.Errorf("%s: %d, the design says %d", what, got, want)
	}
}

func TestWhatAGuesserLearnsOfOneAccountInADay(t *testing.T) {
	t.Parallel()
	for _, g := range guessers {
		t.Run(fmt.Sprint(g.addresses), func(t *testing.T) {
			t.Parallel()
			w := newWorld(guess.Config{})
			victim := func() string { return "alice" }
			expect(t, "the first day", w.day(g.addresses, g.step, victim), g.first)
			expect(t, "the second day", w.day(g.addresses, g.step, victim), g.later)
		})
	}
}

func TestWhatAGuesserLearnsOfAllAccountsInADay(t *testing.T) {
	t.Parallel()
	for _, g := range guessers {
		t.Run(fmt.Sprint(g.addresses), func(t *testing.T) {
			t.Parallel()
			w := newWorld(guess.Config{})
			n := 0
			victim := func() string { n++; return fmt.Sprint("user", n%20_000) }
			expect(t, "the first day", w.day(g.addresses, 30*time.Minute, victim), g.all)
			expect(t, "the second day", w.day(g.addresses, 30*time.Minute, victim), g.allTo)
		})
	}
}

// From where his victim is at home a guesser has the tries that are for her.
func TestWhatAGuesserLearnsWhereHisVictimIsAtHome(t *testing.T) {
	t.Parallel()
	w := newWorld(guess.Config{})
	w.logIn(from(alice, home))
	looked := 0
	for end := w.at.Add(24 * time.Hour); w.at.Before(end); w.pass(10 * time.Second) {
		for w.guess(from(alice, home)) != guess.Shut {
			looked++
		}
	}
	expect(t, "a day", looked, 8690+44)
}

// A client that tries an old password as often as it gets an answer leaves a try for
// another one, at any time, for as long as it goes on.
func TestAClientWithAnOldPasswordLeavesATry(t *testing.T) {
	t.Parallel()
	w := newWorld(guess.Config{})
	w.logIn(from(alice, home))
	for range 10_000 { // 29 hours
		w.guess(from(alice, home))
		w.pass(guess.Hold + 500*time.Millisecond)
		if try := w.Begin(from(alice, home)); try.Ruling() == guess.Shut {
			t.Fatal("there is none")
		} else {
			try.Void() // it does not even get in
		}
	}
}
