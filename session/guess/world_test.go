package guess_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/guess"
)

var alice, bob = account("alice"), account("bob")

func account(name string) events.JID { return events.StoredJID(name + "@localhost") }

// A world is a limiter in virtual time. At the beginning a year has passed.
type world struct {
	*guess.Limiter
	at time.Time
}

func newWorld(cfg guess.Config) *world {
	w := &world{at: time.Unix(1000, 0)}
	w.Limiter = guess.New(cfg, func() time.Time { return w.at })
	w.pass(365 * 24 * time.Hour)
	return w
}

func (w *world) pass(d time.Duration) { w.at = w.at.Add(d) }

// guess is a wrong password.
func (w *world) guess(c guess.Client) guess.Ruling {
	try := w.Begin(c)
	try.Failed()
	return try.Ruling()
}

// logIn is the right password, and reports whether the client is in.
func (w *world) logIn(c guess.Client) bool {
	try := w.Begin(c)
	if try.Ruling() == guess.Shut {
		try.Void()
		return false
	}
	try.Succeeded()
	return true
}

// hammer guesses until nothing is told any longer.
func (w *world) hammer(c guess.Client) (told int) {
	for w.guess(c) == guess.Open {
		told++
	}
	return told
}

func from(who events.JID, address string) guess.Client {
	return guess.Client{Account: who, Address: netip.MustParseAddr(address)}
}

// apart is the nth of many addresses, no two of which are in one /24.
func apart(n int) string { return fmt.Sprintf("%d.%d.%d.7", 11+n>>16, n>>8&255, n&255) }
