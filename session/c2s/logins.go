package c2s

import (
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roles"
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

func newLogins() *logins { return &logins{known: map[events.JID]*loginDebt{}, sweep: minSweptLogins} }

// A loginPace is the time from one login to the next, in the long run; 0: any number.
type loginPace time.Duration

// mostAhead is how far an account may be ahead of its pace.
const mostAhead = loginsAtOnce * time.Minute

// loginPaceOf is that of so many a minute; of none nobody gets in, below 0 everybody does.
func loginPaceOf(perMinute int) loginPace {
	switch {
	case perMinute < 0:
		return 0
	case perMinute == 0:
		return loginPace(mostAhead + 1)
	}
	return loginPace(time.Minute / time.Duration(perMinute))
}

// loginPace is that of an account with the role.
func (s *Server) loginPace(role string) loginPace {
	return loginPaceOf(s.cfg.Roles.Role(role).Limit(roles.Logins, s.cfg.LoginRate))
}

// acquire counts a login, or refuses it. first says that it is the first one that
// is refused for a while.
func (l *logins) acquire(account events.JID, pace loginPace, now time.Time) (ok, first bool) {
	if pace == 0 {
		return true, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.debt(account, now)
	if d.until.Sub(now)+time.Duration(pace) > mostAhead {
		first, d.told = !d.told, true
		return false, first
	}
	d.until = d.until.Add(time.Duration(pace))
	return true, false
}

// count counts a login that another connector has let in.
func (l *logins) count(account events.JID, pace loginPace, now time.Time) {
	if pace == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.debt(account, now)
	d.until = d.until.Add(time.Duration(pace))
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

// mayLogIn counts a login that has proved who it is, or refuses it at the limit of its
// account, which is that of its role.
func (s *Server) mayLogIn(c *conn, r auth.Reply) bool {
	if !c.Origin().IsValid() {
		return true
	}
	ok, first := s.logins.acquire(s.payer(c, r.Account), s.loginPace(r.Role), time.Now())
	if first {
		s.cfg.Logger.Warn("logins refused: too many of one account; are two of its clients replacing each other?",
			"account", r.Account.String(), "address", c.Address())
	}
	return ok
}
