package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// differences reads a difference as "phone: gone kicked", "desk: new" or "hall: presence priority".
func differences(t *testing.T, w *world, of string, from, to Moment) (all []string) {
	t.Helper()
	var account events.JID
	if of != "" {
		account = jid(of)
	}
	for c, err := range Diff(t.Context(), Archive{Log: w}, account, from, to) {
		if err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprint(c.Differences())
		switch {
		case c.Before == nil:
			what = "new"
		case c.After == nil:
			what = "gone " + string(c.Reason)
		}
		all = append(all, c.Session().JID().String()+": "+strings.Trim(what, "[]"))
	}
	return all
}

func TestADifferenceIsWhatIsNewGoneOrAnother(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "bob@localhost", "desk")    // 1 to 3
		w.online(2, "alice@localhost", "phone") // 4 to 6
		w.online(3, "carol@localhost", "hall")  // 7 to 9
		w.poison()                              // 10
		w.online(4, "alice@localhost", "desk")  // 11 to 13
		w.do("alice@localhost", session.Kick{Resource: "phone", Text: "at noon"})
		w.do("bob@localhost", session.BecomeAvailable{Session: sid(1), Priority: 7, Stanza: "<presence/>"})
		w.do("bob@localhost", session.SwitchCarbons{Session: sid(1), On: true})
		w.do("dave@localhost", session.CreateAccount{}) // changes no session
		w.online(5, "carol@localhost", "short")
		w.do("carol@localhost", session.Close{Session: sid(5)}) // 21: in neither
		end := Moment{Seq: w.last()}
		for _, c := range []struct {
			name, of string
			from, to Moment
			want     []string
		}{
			{"of all", "", Moment{Seq: 9}, end, []string{"alice@localhost/phone: gone kicked", "alice@localhost/desk: new", "bob@localhost/desk: presence priority carbons"}},
			{"by time", "", Moment{Time: w.at(9)}, Moment{Time: w.at(14)}, []string{"alice@localhost/phone: gone kicked", "alice@localhost/desk: new"}},
			{"by time and place", "", Moment{Time: w.at(9)}, Moment{Seq: 13}, []string{"alice@localhost/desk: new"}},
			{"by place and time", "", Moment{Seq: 15}, Moment{Time: w.at(16)}, []string{"bob@localhost/desk: carbons"}},
			{"until now", "", Moment{Seq: 15}, Moment{}, []string{"bob@localhost/desk: carbons"}},
			{"of an account", "alice@localhost", Moment{Seq: 9}, end, []string{"alice@localhost/phone: gone kicked", "alice@localhost/desk: new"}},
			{"of a resource", "alice@localhost/desk", Moment{Seq: 9}, end, []string{"alice@localhost/desk: new"}},
			{"of nobody", "erin@localhost", Moment{Seq: 9}, end, nil},
			{"of one moment", "", Moment{Seq: 9}, Moment{Seq: 9}, nil},
			{"from before anything", "bob@localhost", Moment{Time: w.at(1).Add(-1)}, Moment{Seq: 3}, []string{"bob@localhost/desk: new"}},
		} {
			expect(t, c.name, differences(t, w, c.of, c.from, c.to), c.want...)
		}
		for c := range Diff(t.Context(), Archive{Log: w}, events.JID{}, Moment{Seq: 13}, Moment{Seq: 14}) {
			if c.Ended != w.at(14).UnixNano() || c.Text != "at noon" {
				t.Errorf("the end: %+v", c.End)
			}
		}
	})
}

func TestADifferenceNamesEachThingThatIsAnother(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := "alice@localhost"
		w.do(a, session.Authenticate{Session: sid(1), Mechanism: "PLAIN"})
		step := func(want string, commands ...session.Command) {
			t.Helper()
			from := w.last()
			for _, c := range commands {
				w.do(a, c)
			}
			got := strings.Join(differences(t, w, "", Moment{Seq: from}, Moment{}), ", ")
			if got != a+"/x: "+want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		step("bound", session.Bind{Session: sid(1), Resource: "x"})
		step("presence", session.BecomeAvailable{Session: sid(1), Stanza: "<presence/>"})
		step("interested", session.RequestRoster{Session: sid(1)})
		step("directed", session.DirectPresence{Session: sid(1), To: jid("bob@localhost"), Available: true})
		step("management", session.EnableStreamManagement{Session: sid(1), Resumable: true, Max: 60, TokenHash: "h"})
		step("detached", session.Detach{Session: sid(1), Reason: events.ReasonConnectionLost, Now: time.Now().UnixNano()})
		w.do(a, session.Authenticate{Session: sid(2), Mechanism: "PLAIN"})
		from := w.last()
		w.do(a, session.Resume{Session: sid(2), Previous: sid(1), TokenHash: "h"})
		expect(t, "resumed", differences(t, w, "", Moment{Seq: from}, Moment{}), a+": gone resumed", a+"/x: resumed")
	})
}

func TestMomentsInTheWrongOrderHaveNoDifference(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		for _, c := range [][2]Moment{
			{{Seq: 2}, {Seq: 1}},
			{{Time: w.at(2)}, {Time: w.at(1)}},
			{{}, {Seq: 1}},
			{{Seq: 2}, {Time: w.at(2).Add(-1)}},
			{{Time: w.at(2)}, {Seq: 1}},
		} {
			if err := lastError(Diff(t.Context(), Archive{Log: w}, events.JID{}, c[0], c[1])); !errors.Is(err, ErrBackwards) {
				t.Errorf("from %s to %s: %v", c[0], c[1], err)
			}
		}
		for _, c := range [][2]Moment{{{Seq: 1}, {Seq: 9}}, {{Seq: 9}, {Seq: 10}}, {{Seq: 1}, {Time: time.Now().Add(1)}}} {
			if err := lastError(Diff(t.Context(), Archive{Log: w}, events.JID{}, c[0], c[1])); !errors.Is(err, ErrFuture) {
				t.Errorf("from %s to %s: %v", c[0], c[1], err)
			}
		}
	})
}

func lastError(diff iter.Seq2[Change, error]) (last error) {
	for _, err := range diff {
		last = err
	}
	return last
}

func TestADifferenceThatIsCutShortSaysSo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		ctx, cancel := context.WithCancel(t.Context())
		if err := lastError(Diff(ctx, Archive{Log: cutLog{w.Log, cancel}}, events.JID{}, Moment{Seq: 1}, Moment{})); !errors.Is(err, context.Canceled) {
			t.Errorf("it ends with %v", err)
		}
		w.Partition(true)
		if err := lastError(Diff(t.Context(), Archive{Log: w}, events.JID{}, Moment{Seq: 1}, Moment{})); !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("without the log it ends with %v", err)
		}
	})
}

// The difference of two moments, applied to the sessions of the first, gives those
// of the second, whatever happened.
func TestADifferenceLeadsFromOneTableToTheOther(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				random := rand.New(rand.NewPCG(seed, 0))
				w.live(random, 80)
				for range 25 {
					a, b := events.Seq(1+random.IntN(int(w.last()))), events.Seq(1+random.IntN(int(w.last())))
					from, to := Moment{Seq: min(a, b)}, Moment{Seq: max(a, b)}
					sessions := sessionsAt(t, w, from)
					for c, err := range Diff(t.Context(), Archive{Log: w}, events.JID{}, from, to) {
						if err != nil {
							t.Fatal(err)
						}
						carryOut(t, sessions, c)
					}
					if want := sessionsAt(t, w, to); !maps.Equal(sessions, want) {
						t.Fatalf("from %s to %s there come\n%v\nwant\n%v", from, to, sessions, want)
					}
				}
			})
		})
	}
}

// sessionsAt are all that there were, with all that can be seen of each.
func sessionsAt(t *testing.T, w *world, m Moment) map[events.SessionID]string {
	t.Helper()
	past, err := At(t.Context(), Archive{Log: w}, m)
	if err != nil {
		t.Fatal(err)
	}
	all := map[events.SessionID]string{}
	past.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
		for a := range accounts {
			for _, s := range a.Sessions() {
				all[s.ID] = seen(s)
			}
		}
	})
	return all
}

func seen(s *session.Session) string {
	return fmt.Sprint(s.JID(), s.Connector(), s.Conn, s.Since, s.Presence, s.PresenceAt, s.Priority, s.Bound(), s.Interested(),
		s.Available(), s.Carbons(), s.Managed(), s.Resumable(), s.Detached(), s.DetachedUntil(), s.Directed())
}

// carryOut makes the sessions what the change says, from what it says they were.
func carryOut(t *testing.T, sessions map[events.SessionID]string, c Change) {
	t.Helper()
	id := c.Session().ID
	if c.Before == nil && sessions[id] != "" || c.Before != nil && sessions[id] != seen(c.Before) {
		t.Fatalf("%s was %q, not %+v", id, sessions[id], c.Before)
	}
	if (c.Ended != 0) != (c.After == nil) {
		t.Fatalf("%s: %+v", id, c)
	}
	delete(sessions, id)
	if c.After != nil {
		sessions[id] = seen(c.After)
	}
}
