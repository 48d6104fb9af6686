package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
)

// inHistories runs a test in worlds where random things have happened, and keyframes
// are at random places.
func inHistories(t *testing.T, test func(*testing.T, *world, *rand.Rand)) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				random := rand.New(rand.NewPCG(seed, 0))
				w.live(random, 100)
				for range random.IntN(6) {
					w.keyframe(w.somewhere(random))
				}
				test(t, w, random)
			})
		})
	}
}

func (w *world) somewhere(random *rand.Rand) events.Seq {
	return events.Seq(1 + random.IntN(int(w.last())))
}

// sometime is a moment by place or by time.
func (w *world) sometime(random *rand.Rand) Moment {
	seq := w.somewhere(random)
	if random.IntN(2) == 0 {
		return Moment{Seq: seq}
	}
	return Moment{Time: w.at(seq).Add(time.Duration(-random.IntN(2)) * time.Millisecond)}
}

func TestThePastFromAKeyframeIsThePastFromTheBeginning(t *testing.T) {
	inHistories(t, func(t *testing.T, w *world, random *rand.Rand) {
		for range 60 {
			m := w.sometime(random)
			want, err := At(t.Context(), Archive{Log: w}, m)
			if err != nil {
				t.Fatal(err)
			}
			got, err := At(t.Context(), w.archive(), m)
			if err != nil {
				t.Fatal(err)
			}
			at, hash := got.Hash()
			if end, expected := want.Hash(); hash != expected || at.Seq != end.Seq || !got.Whole || got.Begins != 0 {
				t.Fatalf("%s: at %d the hash is %s, want at %d %s", m, at.Seq, hash, end.Seq, expected)
			}
		}
	})
}

// lives are the sessions of a span.
func lives(t *testing.T, from Archive, s Span) (all []string) {
	t.Helper()
	for l, err := range Sessions(t.Context(), from, s) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(l.ID, " ", seen(l.Session), l.Address(), l.End))
	}
	return all
}

func TestTheSessionsOfASpanFromAKeyframeAreThoseFromTheBeginning(t *testing.T) {
	inHistories(t, func(t *testing.T, w *world, random *rand.Rand) {
		for range 40 {
			since, until := w.at(w.somewhere(random)), w.at(w.somewhere(random))
			if since.After(until) {
				since, until = until, since
			}
			s := Span{Since: since, Until: until}
			if random.IntN(3) == 0 {
				s.Until = time.Time{}
			}
			if random.IntN(3) == 0 {
				s.Of = jid("u1@localhost")
			}
			expect(t, "sessions"+s.String(), lives(t, w.archive(), s), lives(t, Archive{Log: w}, s)...)
		}
	})
}

// A difference is the same whether the records between the moments are read or both
// tables, but for how sessions ended; that is found in the accounts' own records.
func TestTheDifferenceOfTwoTablesIsWhatTheRecordsBetweenThemMake(t *testing.T) {
	inHistories(t, func(t *testing.T, w *world, random *rand.Rand) {
		for range 15 {
			a, b := w.somewhere(random), w.somewhere(random)
			from, to := Moment{Seq: min(a, b)}, Moment{Time: w.at(max(a, b))}
			first, err := At(t.Context(), w.archive(), from)
			if err != nil {
				t.Fatal(err)
			}
			d := passage{was: map[events.JID]*session.Account{}, is: map[events.JID]*session.Account{}}
			if err := d.compare(t.Context(), w.archive(), first, to); err != nil {
				t.Fatal(err)
			}
			var got, want []string
			for c := range d.changes(events.JID{}) {
				if err := c.FindEnd(t.Context(), w); err != nil {
					t.Fatal(err)
				}
				got = append(got, c.text())
			}
			for c, err := range Diff(t.Context(), w.archive(), events.JID{}, from, to) {
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, c.text())
			}
			expect(t, fmt.Sprint("from ", from, " to ", to), got, want...)
		}
	})
}

// text is all that a change says.
func (c *Change) text() string {
	before, after := "", ""
	if c.Before != nil {
		before = seen(c.Before)
	}
	if c.After != nil {
		after = seen(c.After)
	}
	return fmt.Sprint(c.Session().ID, " ", before, " ", after, " ", c.End)
}

func TestATableIsReadRatherThanManyRecords(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		info, err := w.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		k := events.Keyframe{Format: keyframe.Format, Created: info.Created.UnixNano(), Seq: 2 * few, At: 7}
		if err := w.frames.Create(t.Context(), k, nil); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			after, to events.Seq
			far       bool
		}{{few, 3 * few, true}, {few + 1, 3 * few, false}, {1, 2*few - 1, false}, {1, 2 * few, true}} {
			if far, err := w.archive().far(t.Context(), events.Range{After: c.after, To: c.to}, info); far != c.far || err != nil {
				t.Errorf("after %d up to %d: far %v, %v", c.after, c.to, far, err)
			}
		}
		if far, err := (Archive{Log: w}).far(t.Context(), events.Range{To: 3 * few}, info); far || err != nil {
			t.Errorf("without keyframes: far %v, %v", far, err)
		}
	})
}

// Wherever retention has cut the log: what the first keyframe that is left says is
// known of the whole past from there on.
func TestWhatLivesIsKnownThoughItsBeginningIsForgotten(t *testing.T) {
	inHistories(t, func(t *testing.T, w *world, random *rand.Rand) {
		first := w.somewhere(random)
		w.keyframe(first + events.Seq(random.IntN(int(w.last()-first)+1)))
		aged := Archive{Log: agedLog{w, first}, Keyframes: w.frames}
		k := w.firstFrame(t, first)
		if k.Seq == 0 {
			return // it was to be of a record that can't be decoded
		}
		for range 20 {
			m := Moment{Seq: max(k.Seq, w.somewhere(random))}
			if m.Seq < first {
				continue
			}
			want, err := At(t.Context(), Archive{Log: w}, m)
			if err != nil {
				t.Fatal(err)
			}
			got, err := At(t.Context(), aged, m)
			if err != nil {
				t.Fatal(err)
			}
			_, hash := got.Hash()
			if _, expected := want.Hash(); hash != expected || !got.Whole {
				t.Fatalf("from %d on, with %s, at %s: hash %s, want %s", first, k, m, hash, expected)
			}
			for n := range 5 {
				account := jid(fmt.Sprintf("u%d@localhost", n))
				a, err := AccountAt(t.Context(), aged, account, m)
				if err != nil {
					t.Fatal(err)
				}
				if b := want.Account(account); textOf(a) != textOf(b) {
					t.Fatalf("from %d on, with %s, at %s: %s is %s, want %s", first, k, m, account, textOf(a), textOf(b))
				}
			}
		}
		for _, s := range []Span{{Since: k.StoredAt().Add(1)}, {Since: k.StoredAt().Add(1), Of: jid("u2@localhost")}, {Since: w.at(w.last())}} {
			expect(t, "sessions"+s.String(), lives(t, aged, s), lives(t, Archive{Log: w}, s)...)
		}
		// All that goes on, though the span begins before the keyframe.
		goOn := func(all []string) []string {
			return slices.DeleteFunc(all, func(s string) bool { return s[len(s)-len("{0  }"):] != "{0  }" })
		}
		expect(t, "sessions that go on", goOn(lives(t, aged, Span{})), goOn(lives(t, Archive{Log: w}, Span{}))...)
	})
}

func textOf(a *session.Account) (text string) {
	if a != nil {
		for _, s := range a.Sessions() {
			text += seen(s) + "; "
		}
	}
	return text
}

// firstFrame is the first one that goes with a log which begins there.
func (w *world) firstFrame(t *testing.T, first events.Seq) events.Keyframe {
	t.Helper()
	list, err := w.frames.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range list {
		if k.Seq+1 >= first {
			return k
		}
	}
	return events.Keyframe{}
}

func TestAKeyframeThatIsNoGoodIsPassedOver(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.keyframe(2)
		w.keyframe(3)
		w.online(2, "bob@localhost", "desk")
		list, err := w.frames.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.frames.Damage(list[1], func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
		var passed []events.Keyframe
		from := w.archive()
		from.Passed = func(k events.Keyframe, err error) {
			if !errors.Is(err, events.ErrDamaged) {
				t.Errorf("%s: %v", k, err)
			}
			passed = append(passed, k)
		}
		past, err := At(t.Context(), from, Moment{Seq: 5})
		if err != nil || past.Stats().Sessions != 2 || !slices.Equal(passed, list[1:]) {
			t.Errorf("%v, passed over %v: %v", past, passed, err)
		}
		w.frames.Fail(events.ErrUnavailable)
		for name, err := range map[string]error{
			"At":       second(At(t.Context(), from, Moment{Seq: 5})),
			"Sessions": lastOf(Sessions(t.Context(), from, Span{})),
			"Diff":     lastOf(Diff(t.Context(), from, events.JID{}, Moment{Seq: 2}, Moment{})),
		} {
			if !errors.Is(err, events.ErrUnavailable) {
				t.Errorf("%s without the keyframes: %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func lastOf[T any](all iter.Seq2[T, error]) (last error) {
	for _, err := range all {
		last = err
	}
	return last
}

// A question about the end must not read the beginning.
func TestASpanReadsNoMoreThanFromTheKeyframeBeforeIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range byte(9) {
			w.online(i+1, fmt.Sprintf("u%d@localhost", i), "x")
		}
		w.keyframe(20)
		log := &countingLog{Log: w}
		from := Archive{Log: log, Keyframes: w.frames}
		expect(t, "since the last event", lives(t, from, Span{Since: w.at(27)}), lives(t, Archive{Log: w}, Span{Since: w.at(27)})...)
		if log.read > 8 { // behind the keyframe, and its own record
			t.Errorf("%d records were read", log.read)
		}
	})
}

// An account that has done much costs no more than one that has not.
func TestOfALongHistoryOnlyTheEndIsRead(t *testing.T) {
	inHistories(t, func(t *testing.T, w *world, random *rand.Rand) {
		for account := range w.accounts {
			for range 10 {
				m := w.sometime(random)
				was, err := AccountAt(t.Context(), Archive{Log: w}, account, m)
				if err != nil {
					t.Fatal(err)
				}
				got, err := accountAt(t.Context(), w.archive(), account, m, random.IntN(20))
				if err != nil {
					t.Fatal(err)
				}
				expect(t, m.String(), states(got), states(was)...)
			}
		}
	})
	inWorld(t, func(t *testing.T, w *world) {
		for i := range byte(20) {
			w.do("bob@localhost", session.Authenticate{Session: events.SessionID{i + 1}})
			w.do("bob@localhost", session.Close{Session: events.SessionID{i + 1}, Reason: events.ReasonClient})
		}
		w.online(100, "bob@localhost", "x")
		w.keyframe(w.last() - 5)
		log := &countingLog{Log: w}
		if a, err := accountAt(t.Context(), Archive{Log: log, Keyframes: w.frames}, events.StoredJID("bob@localhost"), Moment{}, 10); err != nil || len(states(a)) != 1 {
			t.Errorf("now there are %q, %v", states(a), err)
		}
		if log.read > 10+1+5+1 {
			t.Errorf("%d records were read", log.read)
		}
	})
}

// states are those of an account's sessions.
func states(a *session.Account) (all []string) {
	if a == nil {
		return nil
	}
	for _, s := range a.Sessions() {
		all = append(all, fmt.Sprint(s.ID, seen(s)))
	}
	return all
}

// A countingLog counts what is read.
type countingLog struct {
	events.Log
	read int
}

func (l *countingLog) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range l.Log.Read(ctx, r) {
			l.read++
			if !yield(st, err) {
				return
			}
		}
	}
}
