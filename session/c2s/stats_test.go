package c2s_test

import (
	"errors"
	"maps"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/auth/userdb"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

func TestFailuresAreCountedByConditionAndKnownMechanisms(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		n := w.nodes[0]
		c := n.connect("alice")
		c.open()
		c.send(plain("alice", "wrong"))
		c.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='alice@localhost'/>")
		synctest.Wait()
		want := map[c2s.Failure]uint64{{auth.NotAuthorized, "PLAIN"}: 1, {auth.InvalidMechanism, "other"}: 1}
		if got := n.server.Stats().AuthFailures; !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestTheTimeOfALoginIsCountedByMechanism(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		w.login("alice", "a")
		w.login("bob", "b")
		for mechanism, r := range w.nodes[0].server.Stats().LoginTimes {
			if want := mechanism == "PLAIN"; (r.Count == 2) != want {
				t.Errorf("%s: %d", mechanism, r.Count)
			}
		}
	})
}

func TestAResumptionThatComesTooLateIsCounted(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		c := w.nodes[0].connect("alice")
		c.open()
		c.send(plain("alice", password))
		c.open()
		c.send("<resume xmlns='urn:xmpp:sm:3' previd='01ARZ3NDEKTSV4RRFFQ69G5FAV.token' h='0'/>")
		synctest.Wait()
		if n := w.nodes[0].server.Stats().RefusedResumes; n != 1 {
			t.Errorf("%d; the client got %s", n, c.answers())
		}
	})
}

func TestLimitsOfLoginsAreCounted(t *testing.T) {
	alone(t, seldom, func(t *testing.T, w *world) {
		w.nodes[0].tries("alice", 12)
		if n := w.nodes[0].server.Stats().OwnLimits[c2s.LimitLogins]; n != 2 {
			t.Errorf("%d of 12 were counted, want 2", n)
		}
	})
}

func TestAServerHasALeaseFromBeginToSuspend(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		s := w.nodes[0].server
		if !s.HasLease() {
			t.Error("it serves without a lease")
		}
		s.Suspend()
		if s.HasLease() {
			t.Error("it was suspended and has a lease")
		}
	})
}

func TestWhetherAUserDatabaseAnswersIsKnown(t *testing.T) {
	d := &directory{says: errors.New("connection refused")}
	alone(t, func(c *c2s.Config) {
		d.from(c)
		c.Users = map[string]auth.Domain{domain: {Source: "directory", Passwords: userdb.New(d, userdb.Config{Source: "directory"})}}
	}, func(t *testing.T, w *world) {
		n := w.nodes[0]
		for i, want := range []bool{true, false, true} {
			if i > 0 {
				n.connect("alice").login("alice", "r")
				synctest.Wait()
			}
			if got := n.server.Stats().Databases; !maps.Equal(got, map[string]bool{domain: want}) {
				t.Errorf("after %d logins: %v", i, got)
			}
			if i == 1 {
				d.says = nil
			}
		}
	})
}
