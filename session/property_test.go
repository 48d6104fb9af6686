package session_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A history is what a property test has let happen to one account.
type history struct {
	account *session.Account
	log     []*events.Stored
	states  []*session.Account // after each record of log
	names   map[events.SessionID]events.JID
	closed  map[events.SessionID]bool
}

func newHistory() *history {
	return &history{names: make(map[events.SessionID]events.JID), closed: make(map[events.SessionID]bool)}
}

func (h *history) now() int64 { return int64(len(h.log)) * 1e9 }

// record applies an event and checks all that must hold after it.
func (h *history) record(t *rapid.T, r events.Record) {
	seq := events.Seq(len(h.log) + 1)
	st := &events.Stored{Seq: seq, At: int64(seq) * 1e9, Record: r}
	was, before := h.account, fingerprint(h.account)
	h.account = session.Apply(was, st)
	h.log, h.states = append(h.log, st), append(h.states, h.account)
	if fingerprint(was) != before {
		t.Fatalf("record %d changed the account that it was applied to", seq)
	}
	if h.account.Seq != seq || h.account.JID() != alice {
		t.Fatalf("record %d leads to %s at %d", seq, h.account.JID(), h.account.Seq)
	}
	if err := checkAccount(h.account); err != nil {
		t.Fatalf("after record %d, %s: %v", seq, r.Event.Kind(), err)
	}
	h.checkNames(t, was)
}

// checkNames is I5, a name once set doesn't change, and I10.
func (h *history) checkNames(t *rapid.T, was *session.Account) {
	for _, s := range h.account.Sessions() {
		if name, known := h.names[s.ID]; known && name != s.JID() {
			t.Fatalf("I5: %s was %s and is %s", nameOf(s.ID), name, s.JID())
		}
		if s.Bound() {
			h.names[s.ID] = s.JID()
		}
		if h.closed[s.ID] {
			t.Fatalf("I10: %s is back after its end", nameOf(s.ID))
		}
	}
	if was == nil {
		return
	}
	for _, s := range was.Sessions() {
		h.closed[s.ID] = h.account.Session(s.ID) == nil
	}
}

// do carries a drawn command out, as the Service would.
func (h *history) do(t *rapid.T, c session.Command, by events.Incarnation, cause events.ConnID) {
	if a, isLogin := c.(session.Authenticate); isLogin && h.closed[a.Session] {
		return // ids are never used again
	}
	before := fingerprint(h.account)
	steps, err := session.Decide(h.account, c)
	again, errAgain := session.Decide(h.account, c)
	if !reflect.DeepEqual(steps, again) || err != errAgain && err.Error() != errAgain.Error() {
		t.Fatalf("%#v is decided in two ways", c)
	}
	if fingerprint(h.account) != before {
		t.Fatalf("%#v changed the account that it was decided on", c)
	}
	if err != nil && len(steps) > 0 {
		t.Fatalf("%#v is refused and carried out", c)
	}
	for _, s := range steps {
		if s.JID.IsZero() {
			s.JID = alice
		}
		h.step(t, events.Record{Session: s.Session, JID: s.JID, Connector: by, Cause: cause, Event: s.Event})
	}
	h.checkDone(t, c)
}

// step records an event that was decided; each must make a difference.
func (h *history) step(t *rapid.T, r events.Record) {
	before := h.account
	if h.closed[r.Session] {
		t.Fatalf("I10: %s of %s after its end", r.Event.Kind(), nameOf(r.Session))
	}
	h.record(t, r)
	switch r.Event.(type) {
	case events.Refreshed:
		if !slices.Equal(before.Sessions(), h.account.Sessions()) {
			t.Fatalf("it is repeated that %s is\n%s, which was\n%s", nameOf(r.Session), fingerprint(h.account), fingerprint(before))
		}
	case events.Resumed, events.Detached:
		checkUnseen(t, before.Session(r.Session), h.account.Session(r.Session))
	default:
		if !r.Session.IsZero() && fingerprint(before) == fingerprint(h.account) {
			t.Fatalf("%s of %s changes nothing", r.Event.Kind(), nameOf(r.Session))
		}
	}
}

// checkUnseen is I9, and P9 of a detach: nobody sees a difference.
func checkUnseen(t *rapid.T, before, after *session.Session) {
	seen := func(s *session.Session) []any {
		return []any{s.ID, s.JID(), s.Since, s.Presence, s.PresenceAt, s.Priority, s.Bound(), s.Available(), s.Interested(),
			s.Carbons(), s.Managed(), s.Resumable(), s.Directed()}
	}
	if !reflect.DeepEqual(seen(before), seen(after)) {
		t.Fatalf("I9: %+v has become %+v", before, after)
	}
}

// checkDone decides a command once more, if it is one that asks for a state:
// that has been reached, so there is nothing to do, whether it was refused or
// not.
func (h *history) checkDone(t *rapid.T, c session.Command) {
	switch c.(type) {
	case session.BecomeAvailable, session.CreateAccount, session.ChangePassword, session.RemoveAccount,
		session.DisableAccount, session.EnableAccount, session.ChangeRole:
		return
	}
	if steps, _ := session.Decide(h.account, c); len(steps) > 0 {
		t.Fatalf("%#v, done, leads to %v", c, steps)
	}
}

// play draws a history of commands.
func play(t *rapid.T) *history {
	h := newHistory()
	h.play(t, 1)
	return h
}

// play draws some commands more.
func (h *history) play(t *rapid.T, least int) {
	for range rapid.IntRange(least, 60).Draw(t, "commands") {
		h.do(t, genCommand(h.now()).Draw(t, "do"), genConnector.Draw(t, "by"), genConn.Draw(t, "cause"))
	}
}

// TestEveryDecisionKeepsTheInvariants is I1 to I5, I9 and I10 after every event
// of every history that commands can lead to.
func TestEveryDecisionKeepsTheInvariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { play(t) })
}

// TestApplyIsTotal folds records that make no sense, and finds the account in
// order after each of them.
func TestApplyIsTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory()
		for range rapid.IntRange(1, 60).Draw(t, "records") {
			r := events.Record{Session: genSession.Draw(t, "session"), JID: alice, Connector: genConnector.Draw(t, "by"), Event: genNonsense.Draw(t, "event")}
			if rapid.Bool().Draw(t, "full") {
				r.JID = mustJID("alice@example.org/" + genResource.Draw(t, "resource"))
			}
			switch r.Event.(type) {
			case events.Authenticated, events.Refreshed:
				if h.closed[r.Session] {
					continue // ids are never used again
				}
			}
			h.record(t, r)
		}
	})
}

// TestAPrefixFoldsToTheStateOfItsMoment is I11: the same records lead to the
// same state, those that were applied before change nothing, and it doesn't
// matter where a fold was interrupted.
func TestAPrefixFoldsToTheStateOfItsMoment(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := play(t)
		if len(h.log) == 0 {
			return
		}
		n := rapid.IntRange(0, len(h.log)-1).Draw(t, "interrupted after")
		a := fold(nil, h.log[:n+1])
		if !reflect.DeepEqual(whole(a), whole(h.states[n])) {
			t.Fatalf("the prefix of %d leads to\n%swas\n%s", n+1, fingerprint(a), fingerprint(h.states[n]))
		}
		if again := fold(a, h.log[:n+1]); again != a {
			t.Fatalf("folding %d records again leads to\n%s", n+1, fingerprint(again))
		}
		if a := fold(a, h.log); !reflect.DeepEqual(whole(a), whole(h.account)) {
			t.Fatalf("from record %d on the fold leads to\n%swas\n%s", n+1, fingerprint(a), fingerprint(h.account))
		}
	})
}

func fold(a *session.Account, log []*events.Stored) *session.Account {
	for _, st := range log {
		a = session.Apply(a, st)
	}
	return a
}

// TestTheOrderIsAFunctionOfTheSet lets the same sessions come in two orders.
func TestTheOrderIsAFunctionOfTheSet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := play(t)
		if h.account == nil {
			return
		}
		shuffled := rapid.Permutation(slices.Clone(h.account.Sessions())).Draw(t, "order")
		slices.SortFunc(shuffled, order)
		if !slices.Equal(shuffled, h.account.Sessions()) {
			t.Fatalf("the sessions are\n%s", fingerprint(h.account))
		}
	})
}
