package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// lifetimes reads the sessions of a span as "phone 3s kicked", "-" standing for
// one that goes on. A session that has not ended is counted up to the log's
// end.
func lifetimes(t *testing.T, w *world, s Span) (all []string) {
	t.Helper()
	for l, err := range Sessions(t.Context(), Archive{Log: w}, s) {
		if err != nil {
			t.Fatal(err)
		}
		reason := string(l.Reason)
		if l.Ended == 0 {
			reason = "-"
		}
		all = append(all, fmt.Sprint(l.JID().Resource(), " ", l.Duration(w.at(w.last())), " ", reason))
	}
	return all
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestASessionLastsFromItsLoginToItsEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone") // 1 to 3
		w.online(2, "alice@localhost", "desk")  // 4 to 6
		w.do("alice@localhost", session.Close{Session: sid(2), Reason: events.ReasonClient})
		w.poison()
		w.do("alice@localhost", session.Kick{Resource: "phone", Text: "at noon", By: "token house"})
		w.online(3, "bob@localhost", "hall") // 10 to 12
		w.do("carol@localhost", session.Authenticate{Session: sid(4), Mechanism: "PLAIN"})
		expect(t, "of all", lifetimes(t, w, Span{}), "desk 3s client", "phone 8s kicked", "hall 3s -", " 0s -")
		expect(t, "of an account", lifetimes(t, w, Span{Of: jid("alice@localhost")}), "desk 3s client", "phone 8s kicked")
		expect(t, "of a resource", lifetimes(t, w, Span{Of: jid("alice@localhost/phone")}), "phone 8s kicked")
		expect(t, "of nobody", lifetimes(t, w, Span{Of: jid("nobody@localhost")}))
		for l := range Sessions(t.Context(), Archive{Log: w}, Span{Of: jid("alice@localhost/phone")}) {
			if l.Text != "at noon" || l.By != "token house" || l.Ended != w.at(9).UnixNano() || l.Priority != 0 || !l.Available() {
				t.Errorf("as it was last: %+v", l)
			}
		}
	})
}

func TestASpanHasTheSessionsThatLivedInIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone") // 1 to 3
		w.do("alice@localhost", session.Close{Session: sid(1), Reason: events.ReasonClient})
		w.online(2, "bob@localhost", "desk") // 5 to 7
		for _, c := range []struct {
			name         string
			since, until time.Time
			want         []string
		}{
			{"its end is in the span", w.at(4), time.Time{}, []string{"phone 3s client", "desk 2s -"}},
			{"it ended before", w.at(4).Add(1), time.Time{}, []string{"desk 2s -"}},
			{"it ended later", time.Time{}, w.at(4), []string{"phone 6s -"}},
			{"it began later", time.Time{}, w.at(5), []string{"phone 3s client"}},
			{"before anything", time.Time{}, w.at(1), nil},
		} {
			expect(t, c.name, lifetimes(t, w, Span{Since: c.since, Until: c.until}), c.want...)
		}
	})
}

func TestEveryPrefixOfALogHasEachSessionOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range byte(3) {
			w.online(2*i+1, "alice@localhost", "phone") // the next one takes its full JID
			w.online(2*i+2, "bob@localhost", fmt.Sprint(i))
		}
		w.do("bob@localhost", session.Kick{})
		for seq := events.Seq(1); seq <= w.last(); seq++ {
			seen := map[events.SessionID]bool{}
			open := 0
			for l, err := range Sessions(t.Context(), Archive{Log: w}, Span{Until: w.at(seq).Add(1)}) {
				if err != nil || seen[l.ID] {
					t.Fatalf("up to %d: %s again, or %v", seq, l.ID, err)
				}
				seen[l.ID] = true
				if l.Ended == 0 {
					open++
				}
			}
			past, err := At(t.Context(), Archive{Log: w}, Moment{Seq: seq})
			if err != nil {
				t.Fatal(err)
			}
			if n := past.Stats().Sessions; open != n {
				t.Errorf("up to %d there are %d open sessions, in the table %d", seq, open, n)
			}
		}
	})
}

func TestASessionThatIsReplacedEndsByThatName(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.online(2, "alice@localhost", "phone")
		got := lifetimes(t, w, Span{})
		if len(got) != 2 || got[0] != "phone 4s replaced" || got[1][len(got[1])-1] != '-' {
			t.Errorf("%q", got)
		}
	})
}

func TestASessionWhoseEndIsMissingEndsWhenItsJIDIsBoundAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone") // 1 to 3, and 6: bound again, its end is lost
		w.do("alice@localhost", session.Authenticate{Session: sid(2), Mechanism: "PLAIN"})
		w.append(events.Record{Session: sid(2), JID: jid("alice@localhost/phone"), Event: events.Bound{}})
		expect(t, "both", lifetimes(t, w, Span{}), "phone 4s replaced", "phone 1s -")
	})
}

func TestResumptionGoesOnWithTheSameSessionFromAnotherAddress(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.do("alice@localhost", session.Authenticate{Session: sid(1), Mechanism: "PLAIN", Address: "192.0.2.1:1"})
		w.do("alice@localhost", session.Bind{Session: sid(1), Resource: "phone"})
		w.do("alice@localhost", session.EnableStreamManagement{Session: sid(1), Resumable: true, Max: 60, TokenHash: "h"})
		w.do("alice@localhost", session.Detach{Session: sid(1), Reason: events.ReasonConnectionLost})
		w.do("alice@localhost", session.Authenticate{Session: sid(2), Mechanism: "PLAIN", Address: "192.0.2.2:2"})
		w.do("alice@localhost", session.Resume{Session: sid(2), Previous: sid(1), TokenHash: "h", Address: "192.0.2.2:2"})
		expect(t, "both", lifetimes(t, w, Span{Of: jid("alice@localhost")}), " 2s resumed", "phone 6s -")
		for l := range Sessions(t.Context(), Archive{Log: w}, Span{Of: jid("alice@localhost/phone")}) {
			if l.Address() != "192.0.2.2:2" || l.Detached() {
				t.Errorf("after the resumption: %+v", l)
			}
		}
	})
}

func TestSessionsWhoseBeginningIsForgottenAreNotMadeUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")                           // 1 to 3
		w.online(2, "bob@localhost", "desk")                              // 4 to 6
		w.do("alice@localhost", session.Close{Session: sid(1)})           // 7
		w.do("bob@localhost", session.BecomeUnavailable{Session: sid(2)}) // 8
		for first, want := range map[events.Seq]int{1: 2, 2: 1, 4: 1, 5: 0} {
			n := 0
			for _, err := range Sessions(t.Context(), Archive{Log: agedLog{w, first}}, Span{}) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if n != want {
				t.Errorf("from %d on there are %d sessions, want %d", first, n, want)
			}
		}
	})
}

func TestASessionThatWasRepeatedHasItsWholeLifetimeThoughItsBeginningIsForgotten(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone") // 1 to 3
		w.refresh("alice@localhost")            // 4
		w.online(2, "alice@localhost", "desk")  // 5 to 7
		w.refresh("alice@localhost")            // 8 and 9
		expect(t, "none forgotten", lifetimes(t, w, Span{}), "phone 8s -", "desk 4s -")
		w.do("alice@localhost", session.Close{Session: sid(1), Reason: events.ReasonClient})
		w.Retain(3500 * time.Millisecond)
		expect(t, "all but the repetition forgotten", lifetimes(t, w, Span{}), "phone 9s client", "desk 5s -")
	})
}

func TestSessionsThatAreCutShortSaySo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		var last error
		ctx, cancel := context.WithCancel(t.Context())
		for _, err := range Sessions(ctx, Archive{Log: cutLog{w.Log, cancel}}, Span{}) {
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("they end with %v", last)
		}
		w.Partition(true)
		for _, err := range Sessions(t.Context(), Archive{Log: w}, Span{}) {
			last = err
		}
		if !errors.Is(last, events.ErrUnavailable) {
			t.Errorf("without the log they end with %v", last)
		}
	})
}
