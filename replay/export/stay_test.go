package export

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

// live lets random things happen to a few accounts, some that no Decide would write among
// them, over some hours.
func (w *world) live(random *rand.Rand, n int) {
	w.t.Helper()
	accounts := map[events.JID]*session.Account{}
	for n > 0 {
		account := events.StoredJID(fmt.Sprintf("u%d@localhost", random.IntN(4)))
		steps := []session.Step{{Session: w.some(random, accounts[account]), JID: account, Event: nonsense(random)}}
		if random.IntN(15) > 0 {
			var err error
			steps, err = session.Decide(accounts[account], w.command(random, accounts[account]))
			if err != nil || len(steps) == 0 {
				continue
			}
		}
		for _, s := range steps {
			if s.JID.IsZero() {
				s.JID = account
			}
			seq := w.append(s.JID.String(), s.Session, s.Event)
			st := events.Stored{
				Record: events.Record{Session: s.Session, JID: s.JID, Event: s.Event, Connector: events.Incarnation{Name: "c1", Epoch: 3}},
				Seq:    seq, At: w.now.UnixNano(),
			}
			accounts[account] = session.Apply(accounts[account], &st)
		}
		if random.IntN(40) == 0 {
			w.poison()
		}
		w.later(time.Duration(random.IntN(300)) * time.Second)
		n--
	}
}

// some is one of the account's sessions, or one that there never was.
func (w *world) some(random *rand.Rand, a *session.Account) events.SessionID {
	if a != nil && len(a.Sessions()) > 0 && random.IntN(4) > 0 {
		return a.Sessions()[random.IntN(len(a.Sessions()))].ID
	}
	w.ids++
	return events.SessionID(w.id(w.ids))
}

func (w *world) command(random *rand.Rand, a *session.Account) session.Command {
	one, resource := w.some(random, a), string(rune('a'+random.IntN(3)))
	all := [...]session.Command{
		session.Authenticate{Session: w.some(random, nil), AsOf: 1 << 60, Mechanism: "PLAIN", Address: fmt.Sprintf("192.0.2.%d:5", random.IntN(9))},
		session.Bind{Session: one, Resource: resource},
		session.BecomeAvailable{Session: one, Priority: int8(random.IntN(4) - 1), Stanza: "<presence/>"},
		session.BecomeUnavailable{Session: one},
		session.RequestRoster{Session: one},
		session.EnableStreamManagement{Session: one, Resumable: true, Max: 60, TokenHash: "h"},
		session.Detach{Session: one, Now: w.now.UnixNano()},
		session.Resume{Session: w.some(random, a), Previous: one, TokenHash: "h"},
		session.Close{Session: one, Reason: events.ReasonClient},
		session.Kick{Resource: resource, Text: "away"},
		session.ChangePassword{},
	}
	return all[random.IntN(len(all))]
}

func nonsense(random *rand.Rand) events.Event {
	all := [...]events.Event{
		events.Authenticated{}, events.Bound{}, events.PresenceAvailable{Priority: 9}, events.Resumed{}, events.Closed{},
		events.Refreshed{Since: 7000, Available: true, PresenceAt: 8000}, events.Unknown{Code: 250, Fields: []byte{0x90}},
	}
	return all[random.IntN(len(all))]
}

// The sessions that are exported, and those that are there when an hour begins, are those
// that replay finds, however often the export is interrupted.
func TestSessionsAreThoseOfTheFold(t *testing.T) {
	t.Parallel()
	hours := 0
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 7))
		w := newWorld(t)
		w.live(random, 150)
		w.later(2 * time.Hour)
		dir := t.TempDir()
		for err := errCut; err != nil; {
			if _, err = w.try(t.Context(), cutLog{w, 20 + random.IntN(60)}, dir); err != nil && !errors.Is(err, errCut) {
				t.Fatal(err)
			}
		}
		var got, want []string
		for _, r := range rows(t, dir, "/sessions/") {
			got = append(got, fmt.Sprintln(r["session"], r["began"], r["ended"], r["reason"], r["network_last"]))
		}
		for l, err := range replay.Sessions(t.Context(), replay.Archive{Log: w}, replay.Span{}) {
			if err != nil {
				t.Fatal(err)
			}
			if l.Ended > 0 {
				want = append(want, fmt.Sprintln(l.ID, micros(l.Since), micros(l.Ended), orNil(string(l.Reason)), orNil(AddressesPrefix.network(l.Address()))))
			}
		}
		slices.Sort(got) // files of hours 7 and 17 stand beside each other
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("seed %d:\ngot  %q\nwant %q", seed, got, want)
		}
		hours += w.compareOnline(t, dir)
	}
	if hours < 30 {
		t.Errorf("only %d hours with anybody", hours)
	}
}

func micros(nano int64) int64 { return nano / 1000 }

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (w *world) compareOnline(t *testing.T, dir string) (hours int) {
	t.Helper()
	got := map[events.Seq][]string{}
	for _, r := range rows(t, dir, "/online/") {
		seq := events.Seq(r["seq"].(int64))
		got[seq] = append(got[seq], fmt.Sprintln(r["session"], r["began"], r["available"], r["interested"], r["detached_until"]))
	}
	for seq, list := range got {
		past, err := replay.At(t.Context(), replay.Archive{Log: w}, replay.Moment{Seq: seq})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		past.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
			for a := range accounts {
				for _, s := range a.Sessions() {
					if s.Bound() {
						var until any
						if s.Detached() {
							until = micros(s.DetachedUntil())
						}
						want = append(want, fmt.Sprintln(s.ID, micros(s.Since), s.Available(), s.Interested(), until))
					}
				}
			}
		})
		slices.Sort(list)
		slices.Sort(want)
		if !slices.Equal(list, want) {
			t.Errorf("after %d:\ngot  %q\nwant %q", seq, list, want)
		}
	}
	return len(got)
}

func TestASessionIsToldWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.online("alice@example.org", "phone")
	begun := w.now.Add(-2 * time.Second)
	for range 2 {
		w.later(10*time.Minute - time.Second)
		w.append("alice@example.org/phone", s, events.Detached{Reason: events.ReasonConnectionLost, Until: w.now.Add(time.Hour).UnixNano()})
		w.later(5*time.Minute - time.Second)
		w.append("alice@example.org/phone", s, events.Resumed{Address: "198.51.100.7:1"})
	}
	w.append("alice@example.org/phone", s, events.PresenceUnavailable{})
	w.later(time.Hour)
	w.append("alice@example.org/phone", s, events.Closed{Reason: events.ReasonKicked, Text: "bye"})
	w.later(3 * time.Hour)
	dir := t.TempDir()
	w.run(dir)
	all := rows(t, dir, "/sessions/")
	if len(all) != 1 {
		t.Fatal(all)
	}
	for name, want := range map[string]any{
		"session": s.String(), "who": whoIs(events.StoredJID("alice@example.org")).String(), "began": begun.UnixMicro(),
		"bound": begun.Add(time.Second).UnixMicro(), "duration_ms": int64((90*time.Minute + 4*time.Second).Milliseconds()), "reason": "kicked",
		"mechanism": "SCRAM-SHA-256", "agent": "Gajim 1", "connector_first": "c1", "connector_last": "c1",
		"network_first": "192.0.2.0/24", "network_last": "198.51.100.0/24", "detaches": int64(2), "resumes": int64(2),
		"detached_ms": int64((10 * time.Minute).Milliseconds()), "available_ms": int64((30*time.Minute + time.Second).Milliseconds()), "closed_seq": int64(9),
	} {
		if got := all[0][name]; got != want {
			t.Errorf("%s is %#v, want %#v", name, got, want)
		}
	}
}

// A session whose beginning the log has forgotten is told as far as it is known.
func TestASessionThatIsOlderThanTheLogIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.online("alice@example.org", "phone")
	o := w.online("bob@example.org", "desk")
	begun := w.now
	w.later(time.Hour)
	w.append("alice@example.org/phone", s, events.PresenceAvailable{})
	w.first = 7
	w.later(time.Hour)
	w.append("alice@example.org/phone", s, events.Closed{Reason: events.ReasonClient})
	w.append("bob@example.org/desk", o, events.Closed{Reason: events.ReasonClient})
	w.append("bob@example.org/desk", events.SessionID(w.id(99)), events.Closed{Reason: events.ReasonClient}) // there never was such a one
	w.later(3 * time.Hour)
	dir := t.TempDir()
	w.run(dir)
	all := rows(t, dir, "/sessions/")
	if len(all) != 2 || all[0]["session"] != s.String() || all[1]["session"] != o.String() || all[0]["mechanism"] != nil {
		t.Fatal(all)
	}
	if began := time.UnixMicro(all[0]["began"].(int64)); begun.Sub(began).Abs() > time.Minute {
		t.Errorf("it began at %s", began)
	}
}
