package session_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// connectors are those of genConnector.
var connectors = []events.Incarnation{{Name: "c1", Epoch: 1}, {Name: "c1", Epoch: 2}, {Name: "c2", Epoch: 1}, {Name: "c2", Epoch: 2}}

// refresh lets every connector repeat the sessions that it holds.
func (h *history) refresh(t *rapid.T) {
	for _, by := range connectors {
		h.do(t, session.Refresh{Holder: by, Begun: math.MaxInt64, Account: h.account}, by, events.ConnID{})
	}
}

// hidden is the part of sessions that only a resumption and a lost connection
// show (XEP-0198): what comes of each, with every token.
func hidden(a *session.Account) (all []any) {
	if a == nil {
		return nil
	}
	back := id("back")
	with := session.Apply(a, &events.Stored{Record: events.Record{JID: alice, Session: back, Event: events.Authenticated{}}, Seq: math.MaxUint64})
	for _, s := range a.Sessions() {
		for _, c := range []session.Command{
			session.Resume{Session: back, Previous: s.ID, TokenHash: "t1", Now: math.MinInt64},
			session.Resume{Session: back, Previous: s.ID, TokenHash: "t2", Now: math.MinInt64},
			session.Detach{Session: s.ID},
		} {
			steps, err := session.Decide(with, c)
			all = append(all, steps, err)
		}
	}
	return all
}

// TestAFoldFromTheMiddleOfTheLogHasEverySessionThatWasRepeatedSince is I11 of a
// log whose beginning is gone: from the repetition on, a fold of the rest is at
// each record the same as the fold of all. It may lack the account's last change
// of the password, which matters only to logins that are older.
func TestAFoldFromTheMiddleOfTheLogHasEverySessionThatWasRepeatedSince(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory()
		h.play(t, 1)
		cut := rapid.IntRange(0, len(h.log)).Draw(t, "gone")
		h.play(t, 0)
		h.refresh(t)
		repeated := len(h.log)
		h.play(t, 0)
		rest := fold(nil, h.log[cut:repeated])
		for n := repeated; ; n++ {
			if n > repeated {
				rest = session.Apply(rest, h.log[n-1])
			}
			var all *session.Account
			if n > 0 {
				all = h.states[n-1]
			}
			switch {
			case n > cut && rest.Seq != all.Seq:
				t.Fatalf("after record %d: at %d of %d", n, rest.Seq, all.Seq)
			case rest != nil && rest.CredentialsSeq() != all.CredentialsSeq() && (rest.CredentialsSeq() != 0 || all.CredentialsSeq() > events.Seq(cut)):
				t.Fatalf("after record %d: the password changed at %d, which was at %d", n, rest.CredentialsSeq(), all.CredentialsSeq())
			case fingerprint(rest) != fingerprint(all), !reflect.DeepEqual(hidden(rest), hidden(all)):
				t.Fatalf("without the first %d records, after record %d\n%swas\n%s", cut, n, fingerprint(rest), fingerprint(all))
			}
			if n == len(h.log) {
				return
			}
		}
	})
}

func TestARepetitionIsMadeByTheHolderOnlyOfWhatIsOldAndAsTheLogHasIt(t *testing.T) {
	t.Parallel()
	a := session.Apply(nil, &events.Stored{Record: events.Record{JID: alice, Session: id("s1"), Connector: connectors[0], Event: events.Authenticated{}}, Seq: 1, At: 10})
	a = session.Apply(a, &events.Stored{Record: events.Record{JID: alice, Session: id("s2"), Connector: connectors[0], Event: events.Authenticated{}}, Seq: 2, At: 20})
	a = session.Apply(a, &events.Stored{Record: events.Record{JID: alice, Session: id("s3"), Connector: connectors[1], Event: events.Authenticated{}}, Seq: 3, At: 10})
	steps, err := session.Decide(a, session.Refresh{Holder: connectors[0], Begun: 20, Account: a})
	if err != nil || len(steps) != 1 || steps[0].Session != id("s1") {
		t.Errorf("%v, %v", steps, err)
	}
	moved := session.Apply(a, &events.Stored{Record: events.Record{JID: alice, Event: events.AccountCreated{}}, Seq: 4, At: 30})
	if steps, err := session.Decide(moved, session.Refresh{Holder: connectors[0], Begun: 20, Account: a}); err == nil || steps != nil {
		t.Errorf("the account has moved on: %v, %v", steps, err)
	}
}

// A session can be repeated however large it has grown.
func TestASessionNeverGrowsBeyondWhatOneRecordCanRepeat(t *testing.T) {
	t.Parallel()
	a, s := withSessions(1)
	do := func(c session.Command) error {
		steps, err := session.Decide(a, c)
		for _, step := range steps {
			a = session.Apply(a, next(a, step.Session, step.JID, step.Event))
		}
		return err
	}
	long := strings.Repeat("b", 1023) + "@example.org/" + strings.Repeat("r", 1021)
	for n := range session.MaxDirected {
		to := mustJID(long + string(rune('a'+n/26)) + string(rune('a'+n%26)))
		if err := do(session.DirectPresence{Session: s.ID, To: to, Available: true}); errors.Is(err, session.ErrTooManyDirected) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := do(session.BecomeAvailable{Session: s.ID, Stanza: strings.Repeat("x", events.MaxRecord/2)}); !errors.Is(err, events.ErrTooLarge) {
		t.Errorf("presence beyond that: %v", err)
	}
	steps, err := session.Decide(a, session.Refresh{Holder: s.Connector(), Begun: math.MaxInt64, Account: a})
	if err != nil || len(steps) != 1 {
		t.Fatal(steps, err)
	}
	r := next(a, steps[0].Session, steps[0].JID, steps[0].Event).Record
	r.ID, r.Connector.Name, r.Cause = events.EventID(id("id")), strings.Repeat("c", 200), connID("cause")
	if n := len(r.Append(nil)); n > events.MaxRecord || n < events.MaxRecord/2 {
		t.Errorf("the record has %d bytes", n)
	}
}
