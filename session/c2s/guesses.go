package c2s

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/guess"
)

// The guessing of passwords is limited by package guess, whatever the mechanism, the
// profile of SASL and the transport. The guesses that other connectors have seen are
// learnt from the log and from the documents beside it, so that a guesser gains little by
// going from one to the other.

// gate rules on a password that is to be checked.
func (l *login) gate(account events.JID) bool {
	from := addressIn(l.Address())
	l.try = l.srv.guesses.Begin(guess.Client{
		Account: account, Address: from, Installation: installationIn(l.inline.client()),
		Online: func() bool { return l.srv.isOnline(account, from) },
	})
	return l.try.Ruling() != guess.Shut
}

// isOnline reports that the account has a session from an address.
func (s *Server) isOnline(account events.JID, from netip.Addr) bool {
	a := s.cfg.Table.Account(account)
	return a != nil && slices.ContainsFunc(a.Sessions(), func(one *session.Session) bool { return addressIn(one.Address()) == from })
}

// judge tells guesses that were wrong from other failures, and leaves a client that may
// not know which it was with an answer that says neither.
func (l *login) judge(r auth.Reply) auth.Reply {
	wrong := errors.Is(r.Err, auth.ErrWrongPassword) || errors.Is(r.Err, auth.ErrNoAccount)
	l.held = errors.Is(r.Err, auth.ErrHeldBack) || wrong && l.try.Ruling() == guess.Veiled
	if wrong {
		l.try.Failed()
	}
	l.try.Void() // if nothing was learnt
	l.try = guess.Try{}
	if from := addressIn(l.Address()); from.IsValid() && (wrong || l.held) && l.srv.cfg.Failed != nil {
		l.srv.cfg.Failed(from, l.held)
	}
	if l.held {
		l.srv.stats.limits[LimitFailures].Add(1)
		r.Condition, r.Err = auth.TemporaryAuthFailure, errFailures
	}
	return r
}

// holdBack waits until it is time for an answer that is to come late. The client has sent
// its password and waits; should it go, nobody misses the answer.
func (l *login) holdBack() {
	if l.held {
		l.held = false
		l.Pause(l.asked.Add(guess.Hold))
	}
}

// LearnLogin learns from a login's record where its account logs in, whether that is new
// or of the time before this process. Guests are somebody new each time: they tell nothing
// of an address but that anybody may come from there.
func (s *Server) LearnLogin(st *events.Stored) {
	e, ok := st.Event.(events.Authenticated)
	if !ok || s.isGuest(st.Account()) {
		return
	}
	agent := e.Agent
	if i := strings.LastIndex(agent, ", "); i >= 0 {
		agent = agent[i+2:]
	}
	s.guesses.Learn(guess.Client{
		Account: st.Account(), Address: addressIn(e.Address), Installation: installationIn(agent),
	}, st.StoredAt())
}

// LearnFailure counts a wrong password that another connector was sent, or this one before
// it was started. Guesses that were not told from others are not counted there, either.
func (s *Server) LearnFailure(st *events.Stored) {
	own := st.Connector.Name == s.self().Name && !st.StoredAt().Before(s.started)
	if e, ok := st.Event.(events.AuthFailed); ok && !own && e.Condition == string(auth.NotAuthorized) && !st.JID.IsZero() {
		s.guesses.Elsewhere(st.Account(), addressIn(e.Address))
	}
}

// addressIn is that of an address with a port, or without one, as it is of a client whose
// proxy speaks HTTP; invalid for one that is none of IP.
func addressIn(text string) netip.Addr {
	if p, err := netip.ParseAddrPort(text); err == nil {
		return p.Addr().Unmap()
	}
	a, _ := netip.ParseAddr(text)
	return a.Unmap()
}

// installationIn is what a client says of itself if it is an id that nobody guesses: a
// UUID, as XEP-0388, 2.4 wants it. Otherwise it is "".
func installationIn(id string) string {
	if len(id) != 36 || strings.Count(id, "-") != 4 || strings.Trim(id, "0123456789abcdefABCDEF-") != "" {
		return ""
	}
	return id
}
