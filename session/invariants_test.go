package session_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// checkAccount returns what is wrong with an account by I1 to I4 of the session
// rules and by the order that its sessions must have; nil if nothing is.
func checkAccount(a *session.Account) error {
	if a == nil {
		return nil
	}
	names := make(map[events.JID]int)
	for _, s := range a.Sessions() {
		if s.Bound() {
			names[s.JID()]++
		}
		if err := checkSession(a, s); err != nil {
			return fmt.Errorf("%s: %w", nameOf(s.ID), err)
		}
	}
	for name, n := range names {
		if n > 1 {
			return fmt.Errorf("I2: %d live sessions are %s", n, name)
		}
		if s := a.Resource(name.Resource()); s == nil || s.JID() != name {
			return fmt.Errorf("I1: %s is not found by its resource", name)
		}
	}
	if !slices.IsSortedFunc(a.Sessions(), order) {
		return fmt.Errorf("the sessions are out of order: %s", fingerprint(a))
	}
	return checkBest(a)
}

func checkSession(a *session.Account, s *session.Session) error {
	switch {
	case a.Session(s.ID) != s:
		return fmt.Errorf("I1: it is listed twice, or not found by its id")
	case s.JID().Bare() != a.JID():
		return fmt.Errorf("I5: it is %s, of the account %s", s.JID(), a.JID())
	case s.Bound() == s.JID().IsBare():
		return fmt.Errorf("I1: bound %v as %s", s.Bound(), s.JID())
	case !s.Bound() && (s.Available() || s.Interested() || s.Carbons() || s.Managed() || s.Detached()):
		return fmt.Errorf("I3: it is not bound, but more than that")
	case !s.Available() && (s.Priority != 0 || s.Presence != "" || s.PresenceAt != 0):
		return fmt.Errorf("I3: it is not available, but has presence")
	case !s.Detached() && s.DetachedUntil() != 0:
		return fmt.Errorf("detached %v until %d", s.Detached(), s.DetachedUntil())
	}
	return nil
}

// order is what best first means.
func order(a, b *session.Session) int {
	rank := func(s *session.Session) int {
		switch {
		case s.Available():
			return 0
		case s.Bound():
			return 1
		}
		return 2
	}
	return cmp.Or(
		cmp.Compare(rank(a), rank(b)),
		-cmp.Compare(a.Priority, b.Priority),
		-cmp.Compare(a.PresenceAt, b.PresenceAt),
		strings.Compare(string(a.ID[:]), string(b.ID[:])),
	)
}

// checkBest compares Best with its definition (I4; RFC 6121, 8.5.2.1.1).
func checkBest(a *session.Account) error {
	highest := -1
	for _, s := range a.Sessions() {
		if s.Available() {
			highest = max(highest, int(s.Priority))
		}
	}
	var want []*session.Session
	for _, s := range a.Sessions() {
		if s.Available() && highest >= 0 && int(s.Priority) == highest {
			want = append(want, s)
		}
	}
	if !slices.Equal(a.Best(), want) {
		return fmt.Errorf("I4: the best are %d of %s, want %d", len(a.Best()), fingerprint(a), len(want))
	}
	return nil
}

// fingerprint is everything that can be seen of an account, but for its
// sequence.
func fingerprint(a *session.Account) string {
	if a == nil {
		return ""
	}
	var b strings.Builder
	for _, s := range a.Sessions() {
		fmt.Fprintf(&b, "%s %s %s %s %d %q %d: %v %s\n",
			nameOf(s.ID), s.JID(), s.Connector(), nameOf(s.Conn), s.Since, s.Presence, s.PresenceAt, s.Bound(), describe(s))
	}
	return b.String()
}

// whole is all that there is of an account, wherever it lies.
func whole(a *session.Account) (all []any) {
	if a == nil {
		return nil
	}
	all = append(all, a.JID(), a.Seq, a.CredentialsSeq())
	for _, s := range a.Sessions() {
		all = append(all, s.Record())
	}
	return all
}
