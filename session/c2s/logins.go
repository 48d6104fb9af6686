package c2s

import (
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// loginsAtOnce is how many minutes' worth of logins an account may have at once:
// all of its devices, more than once.
const loginsAtOnce = 5

// logins counts the logins of each account, on all connectors, for each is some
// five events that are kept for good. Whoever knows a password could fill the
// log from any number of addresses; and two clients that want the same resource
// and come back whenever they are replaced would do it without knowing.
//
// An account is forgotten when it may log in as often as one that is new, after
// a second if it logged in once.
type logins struct {
	every time.Duration // between two, in the long run; 0: any number
	most  time.Duration // that an account may be ahead of it

	mu    sync.Mutex
	known map[events.JID]*loginDebt // guarded
	sweep int                       // guarded; length of known at which it is swept
}

// minSweptLogins is the number of accounts from which on those that nothing need
// be known of any longer are looked for.
const minSweptLogins = 1024

// A loginDebt is of one account.
type loginDebt struct {
	until time.Time // when the account will be on its pace again
	told  bool      // that some were refused
}

// newLogins makes the count; below 1 a minute there is no limit.
func newLogins(perMinute int) *logins {
	l := &logins{known: map[events.JID]*loginDebt{}, sweep: minSweptLogins}
	if perMinute > 0 {
		l.every = time.Minute / time.Duration(perMinute)
		l.most = loginsAtOnce * time.Minute
	}
	return l
}

// acquire counts a login, or refuses it. first says that it is the first one that
// is refused for a while.
func (l *logins) acquire(account events.JID, now time.Time) (ok, first bool) {
	if l.every == 0 {
		return true, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.debt(account, now)
	if d.until.Sub(now)+l.every > l.most {
		first, d.told = !d.told, true
		return false, first
	}
	d.until = d.until.Add(l.every)
	return true, false
}

// count counts a login that another connector has let in.
func (l *logins) count(account events.JID, now time.Time) {
	if l.every == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.debt(account, now)
	d.until = d.until.Add(l.every)
}

// debt is an account's, at now at the earliest. The caller holds mu.
func (l *logins) debt(account events.JID, now time.Time) *loginDebt {
	d := l.known[account]
	if d == nil {
		l.forget(now)
		d = &loginDebt{until: now}
		l.known[account] = d
	}
	if d.until.Before(now) {
		*d = loginDebt{until: now}
	}
	return d
}

// forget drops the accounts that are on their pace, once that may be half of all.
func (l *logins) forget(now time.Time) {
	if len(l.known) < l.sweep {
		return
	}
	for account, d := range l.known {
		if d.until.Before(now) {
			delete(l.known, account)
		}
	}
	l.sweep = max(minSweptLogins, 2*len(l.known))
}

// payer is the account that a login counts for. Guests are new each time, so those of one
// address count as one.
func (s *Server) payer(c *conn, account events.JID) events.JID {
	if !s.isGuest(account) {
		return account
	}
	together, err := events.NewJID("", account.Domain(), c.Origin().String())
	if err != nil {
		return account // there is no address that is no resource
	}
	return together
}

// mayLogIn counts a login, or refuses it at the limit of its account.
func (s *Server) mayLogIn(c *conn, account events.JID) bool {
	if !c.Origin().IsValid() {
		return true
	}
	ok, first := s.logins.acquire(s.payer(c, account), time.Now())
	if first {
		s.cfg.Logger.Warn("logins refused: too many of one account; are two of its clients replacing each other?",
			"account", account.String(), "address", c.Address())
	}
	return ok
}
