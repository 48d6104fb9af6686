package session_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// questions counts what a log is asked about accounts.
type questions struct {
	events.Log
	last, next int
}

func (q *questions) Last(ctx context.Context, account events.JID) (events.Stored, error) {
	q.last++
	return q.Log.Last(ctx, account)
}

func (q *questions) Next(ctx context.Context, account events.JID, after events.Seq) (events.Stored, error) {
	q.next++
	return q.Log.Next(ctx, account, after)
}

// A forgetful node's table knows only accounts that have sessions.
func newForgetfulNode(t *testing.T, log events.Log, name string) *node {
	n := newNode(t, log, name)
	n.table.forgets = true
	return n
}

// come logs alice in and out at the node, n times.
func (n *node) come(times int) {
	n.t.Helper()
	for range times {
		n.must("k0", session.Authenticate{Session: id("s0"), AsOf: 1 << 60})
		n.must("k0", session.Close{Session: id("s0")})
	}
}

// forgets makes the node's table fold the log, after which it must not know alice.
func (n *node) forgets() {
	n.t.Helper()
	if err := n.table.fold(n.t.Context(), 0); err != nil {
		n.t.Fatal(err)
	}
	if n.table.Account(alice) != nil || n.table.Forgotten() == 0 {
		n.t.Fatal("the table has not forgotten the account")
	}
}

func TestALoginOfAForgottenAccountAsksTheLogOnce(t *testing.T) {
	t.Parallel()
	log := &questions{Log: bustest.NewLog()}
	newNode(t, log, "c1").come(3)
	n := newForgetfulNode(t, log, "c2")
	n.forgets()
	*log = questions{Log: log.Log}
	n.must("k1", session.Authenticate{Session: id("s1"), AsOf: 1 << 60})
	if log.last != 1 || log.next != 0 {
		t.Errorf("it asked %d times for the last record and %d times for the next one", log.last, log.next)
	}
	n.must("k1", session.Bind{Session: id("s1"), Resource: "desk"})
}

func TestWhatWasForeseenIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	log := &questions{Log: bustest.NewLog()}
	newNode(t, log, "c1").come(1)
	n := newForgetfulNode(t, log, "c2")
	n.forgets()
	n.Foresee(t.Context(), alice)
	*log = questions{Log: log.Log}
	n.must("k1", session.Authenticate{Session: id("s1"), AsOf: 1 << 60})
	if log.last+log.next != 0 {
		t.Errorf("it asked %d times", log.last+log.next)
	}
}

// A position that was foreseen is not believed longer than it is true.
func TestALoginSucceedsThoughTheAccountMovedOnSinceItWasForeseen(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	c1 := newNode(t, log, "c1")
	c1.come(1)
	n := newForgetfulNode(t, log, "c2")
	n.forgets()
	n.Foresee(t.Context(), alice)
	c1.come(2)
	n.must("k1", session.Authenticate{Session: id("s1"), AsOf: 1 << 60})
}

// The table says truly that the account had no sessions, at its own place in the log.
// Another connector's login came after that.
func TestASessionIsFoundThatTheTableDoesNotHaveYet(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	c1 := newNode(t, log, "c1")
	c1.come(1)
	n := newForgetfulNode(t, log, "c2")
	n.forgets()
	c1.login("s1", "k1")
	n.must("", session.Kick{Resource: "desk"})
	if a, err := session.NewHistories(log).Load(t.Context(), alice); err != nil || len(a.Sessions()) != 0 {
		t.Errorf("after it was kicked: %v, %v", a.Sessions(), err)
	}
}

func TestTheLimitOfSessionsCountsThoseThatTheTableDoesNotHaveYet(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	c1 := newNode(t, log, "c1")
	c1.come(1)
	n := newForgetfulNode(t, log, "c2")
	n.forgets()
	for i := range session.MaxSessions {
		c1.must("k1", session.Authenticate{Session: id("s" + string(rune('0'+i))), AsOf: 1 << 60})
	}
	n.fails(session.Authenticate{Session: id("one more"), AsOf: 1 << 60}, session.ErrTooManySessions)
}

// This process wrote the account's last record but two, and its table has forgotten
// the account since.
func TestWhatThisProcessWroteLastGivesWayToWhatOthersWrote(t *testing.T) {
	t.Parallel()
	log := &questions{Log: bustest.NewLog()}
	n := newForgetfulNode(t, log, "c1")
	n.come(1)
	newNode(t, log, "c2").come(1)
	n.forgets()
	*log = questions{Log: log.Log}
	n.must("k1", session.Authenticate{Session: id("s1"), AsOf: 1 << 60})
	if log.last > 1 || log.next > 1 {
		t.Errorf("it asked %d times for the last record and %d times for the next one", log.last, log.next)
	}
}

func TestAnAccountWhoseLastRecordCannotBeDecodedLogsIn(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	newNode(t, log, "c1").come(1)
	n := newForgetfulNode(t, log, "c2")
	n.forgets()
	log.Poison(alice, []byte("?"))
	n.must("k1", session.Authenticate{Session: id("s1"), AsOf: 1 << 60})
}

// A client proves that it knows a password, beginning when the log is at AsOf.
func TestOnlyAChangeOfThePasswordDuringTheProofRefusesALogin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		meanwhile func(other *node)
		want      error
	}{
		{"nothing", func(*node) {}, nil},
		{"another login, that has ended", func(o *node) { o.come(1) }, nil},
		{"another login", func(o *node) { o.login("s2", "k2") }, nil},
		{"a new password", func(o *node) { o.must("", session.ChangePassword{}) }, session.ErrRekeyed},
		{"a new password, and a login with that", func(o *node) {
			o.must("", session.ChangePassword{})
			o.login("s2", "k2")
		}, session.ErrRekeyed},
		{"a new password, and a login that has ended", func(o *node) {
			o.must("", session.ChangePassword{})
			o.come(1)
		}, session.ErrRekeyed},
		{"its removal", func(o *node) { o.must("", session.RemoveAccount{}) }, session.ErrRekeyed},
		{"its disabling", func(o *node) { o.must("", session.DisableAccount{}) }, session.ErrRekeyed},
		{"its disabling, and its enabling", func(o *node) {
			o.must("", session.DisableAccount{})
			o.must("", session.EnableAccount{})
		}, session.ErrRekeyed},
	} {
		for name, folds := range map[string]bool{"known to the table": true, "not yet": false} {
			t.Run(c.name+", "+name, func(t *testing.T) {
				t.Parallel()
				log := bustest.NewLog()
				other := newNode(t, log, "c1")
				other.must("", session.ChangePassword{}) // long ago
				other.come(1)
				n := newForgetfulNode(t, log, "c2")
				n.forgets()
				asOf := n.table.seq
				c.meanwhile(other)
				if folds {
					if err := n.table.fold(t.Context(), 0); err != nil {
						t.Fatal(err)
					}
				}
				_, _, err := n.Do(t.Context(), alice, connID("k1"), session.Authenticate{Session: id("s1"), AsOf: asOf})
				if !errors.Is(err, c.want) {
					t.Errorf("the login: %v, want %v", err, c.want)
				}
			})
		}
	}
}

// A log that can't be reached says nothing of an account.
func TestAForgottenAccountIsUnavailableWhileTheLogIs(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	newNode(t, log, "c1").come(1)
	n := newForgetfulNode(t, log, "c2")
	n.forgets()
	log.Inject(bustest.Faults{ReadFails: 1})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := n.Do(ctx, alice, events.ConnID{}, session.Kick{}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// A keyframe does not keep when the password changed.
func TestThePasswordOfARestoredAccountMayHaveChangedUpToItsLastRecord(t *testing.T) {
	t.Parallel()
	a := session.Restore(7, nil)
	for asOf, want := range map[events.Seq]error{6: session.ErrRekeyed, 7: nil} {
		if _, err := session.Decide(a, session.Authenticate{Session: id("s1"), AsOf: asOf}); !errors.Is(err, want) {
			t.Errorf("a login that was proved after %d: %v, want %v", asOf, err, want)
		}
	}
}
