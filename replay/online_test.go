package replay

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// sessionsAt counts those after each record: the first is of none.
func (w *world) sessionsAt(t *testing.T) (all []int) {
	t.Helper()
	for seq := range w.last() + 1 {
		past := &Past{}
		if seq > 0 {
			var err error
			if past, err = At(t.Context(), Archive{Log: w}, Moment{Seq: seq}); err != nil {
				t.Fatal(err)
			}
			all = append(all, past.Sessions())
			continue
		}
		all = append(all, 0)
	}
	return all
}

// seqBy is the newest record by an instant.
func (w *world) seqBy(at time.Time) events.Seq {
	n, _ := slices.BinarySearchFunc(w.moments, at.Add(1), time.Time.Compare)
	return events.Seq(n)
}

func TestACurveHasAsManySessionsAsTheTablesOfItsPoints(t *testing.T) {
	inHistories(t, func(t *testing.T, w *world, random *rand.Rand) {
		count, from := w.sessionsAt(t), w.archive()
		from.Memory = &Memory{}
		for range 20 {
			a, b := w.somewhere(random), w.somewhere(random)
			since, until := w.at(min(a, b)), w.at(max(a, b)).Add(time.Second/2)
			steps, few := 1+random.IntN(30), events.Seq(random.IntN(60))
			c, err := online(t.Context(), from, since, until, steps, few)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(c.Points); n < 2 || n > steps+2 || !c.Points[0].At.Equal(since) || !c.Whole || c.Exact && n != steps+1 && n != steps+2 {
				t.Fatalf("from %s to %s in %d steps: %+v", since, until, steps, c)
			}
			for i, p := range c.Points {
				seq := w.seqBy(p.At)
				most := count[seq]
				if end := until; c.Exact {
					if i < len(c.Points)-1 {
						end = c.Points[i+1].At.Add(-1)
					}
					most = slices.Max(count[seq : w.seqBy(end)+1])
				}
				if p.Seq != seq || p.Sessions != count[seq] || p.MostSessions != most || p.Accounts > p.Sessions || p.MostAccounts < p.Accounts || p.MostAccounts > most {
					t.Fatalf("exact %v, from %s to %s: point %d is %+v, want %d sessions at %d, and at most %d", c.Exact, since, until, i, p, count[seq], seq, most)
				}
			}
		}
	})
}

func TestALongCurveReadsItsEndsOnly(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range byte(60) {
			w.online(i, "u@localhost", string('a'+rune(i%20)))
		}
		for seq := events.Seq(10); seq < w.last(); seq += 10 {
			w.keyframe(seq)
		}
		log := &countingLog{Log: w}
		from := Archive{Log: log, Keyframes: w.frames}
		c, err := online(t.Context(), from, w.at(5), w.at(w.last()-5), 4, 50)
		if err != nil || c.Exact || len(c.Points) != 6 {
			t.Fatalf("%+v, %v", c, err)
		}
		if log.read > 10+10+4 { // intervals, and the records of three keyframes
			t.Errorf("%d records were read", log.read)
		}
	})
}

func TestACurveIsOfWhatTheLogHas(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if c, err := Online(t.Context(), w.archive(), time.Now().Add(-time.Hour), time.Time{}, 10); err != nil || len(c.Points) != 0 || !c.Exact {
			t.Errorf("of an empty log: %+v, %v", c, err)
		}
		begun := time.Now()
		w.online(1, "alice@localhost", "phone")
		w.online(2, "bob@localhost", "desk")
		c, err := Online(t.Context(), w.archive(), begun.Add(-time.Hour), time.Now().Add(time.Hour), 10)
		if err != nil || !c.Since.Equal(w.at(1)) || !c.Until.Equal(time.Now()) || c.Points[0].Sessions != 1 || c.Points[len(c.Points)-1].Sessions != 2 {
			t.Errorf("of more than the log has: %+v, %v", c, err)
		}
		aged := Archive{Log: agedLog{w, 4}}
		if c, err := Online(t.Context(), aged, w.at(5), time.Time{}, 10); err != nil || c.Whole {
			t.Errorf("of a log that has forgotten its beginning: %+v, %v", c, err)
		}
		if c, err := Online(t.Context(), w.archive(), w.at(3), begun, 10); err != nil || len(c.Points) != 0 {
			t.Errorf("of a span that ends before it begins: %+v, %v", c, err)
		}
	})
}

// A keyframe of before the log was cut, or one that is damaged, makes no point.
func TestACurveHasNoPointsOfKeyframesThatAreNoGood(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range byte(20) {
			w.online(i, "u@localhost", string('a'+rune(i)))
		}
		for seq := events.Seq(10); seq < w.last(); seq += 10 {
			w.keyframe(seq)
		}
		list, err := w.frames.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.frames.Damage(list[1], func(b []byte) []byte { return b[:7] })
		w.rewind(rand.New(rand.NewPCG(1, 1)), 35)
		c, err := online(t.Context(), w.archive(), w.at(5), time.Time{}, 1000, 1)
		if err != nil || c.Exact {
			t.Fatalf("%+v, %v", c, err)
		}
		var seqs []events.Seq
		for _, p := range c.Points {
			seqs = append(seqs, p.Seq)
		}
		if want := []events.Seq{5, 10, 30, w.last()}; !slices.Equal(seqs, want) {
			t.Errorf("points at %v, want %v", seqs, want)
		}
		w.frames.Fail(events.ErrUnavailable)
		if _, err := online(t.Context(), w.archive(), w.at(5), time.Time{}, 10, 1); !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("without the keyframes: %v", err)
		}
		w.frames.Fail(nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := online(ctx, w.archive(), w.at(5), time.Time{}, 10, 1); err == nil {
			t.Error("whoever gives up gets an answer")
		}
	})
}
