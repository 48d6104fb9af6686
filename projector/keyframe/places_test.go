package keyframe

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// places are those of a log whose record n is stored at times[n-1], from a place on.
func places(from *Head, times []int64, sessions func(events.Seq) int) (all []Head) {
	p := Places{}
	first := events.Seq(1)
	if from != nil {
		p.Begin(*from)
		first = from.Seq + 1
	}
	for seq := first; int(seq) <= len(times); seq++ {
		st := &events.Stored{Seq: seq, At: times[seq-1], Record: events.Record{ID: events.EventID{0: byte(seq), 1: byte(seq >> 8), 2: byte(seq >> 16)}}}
		if p.Before(st, sessions(seq-1)) {
			all = append(all, p.Take())
		}
		if p.After(st, sessions(seq)) {
			all = append(all, p.Take())
		}
	}
	return all
}

func seqs(list []Head) (all []events.Seq) {
	for _, h := range list {
		all = append(all, h.Seq)
	}
	return all
}

// evenly are so many instants at a distance.
func evenly(n int, pace time.Duration) []int64 {
	times := make([]int64, n)
	for i := range times {
		times[i] = int64(i) * int64(pace)
	}
	return times
}

func few(events.Seq) int { return 10 }

func TestThereIsAKeyframeEachInterval(t *testing.T) {
	t.Parallel()
	got := seqs(places(nil, evenly(3*Interval+5, time.Microsecond), few))
	if want := []events.Seq{Interval, 2 * Interval, 3 * Interval}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestThereIsAKeyframeBeforeEachHour(t *testing.T) {
	t.Parallel()
	got := seqs(places(nil, evenly(100, 2*time.Minute), few))
	if want := []events.Seq{30, 60, 90}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Otherwise keyframes would take more room than the log, and more time.
func TestKeyframesOfManySessionsAreFarApart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sessions int
		apart    events.Seq
	}{{0, 0}, {10, 40}, {Interval / 4, Interval}, {Interval/2 + 1, 2*Interval + 4}, {1 << 14, 1 << 16}, {1 << 16, 1 << 16}, {1<<16 + 1, 1<<16 + 1}} {
		if got := Apart(c.sessions); got != c.apart {
			t.Errorf("of %d sessions they are %d records apart, want %d", c.sessions, got, c.apart)
		}
		got := places(nil, evenly(12*Interval, time.Microsecond), func(events.Seq) int { return c.sessions })
		if len(got) == 0 {
			t.Errorf("of %d sessions there is none", c.sessions)
		}
		for i, h := range got {
			if i > 0 && (h.Seq-got[i-1].Seq < c.apart || h.Seq-got[i-1].Seq > c.apart+Interval) {
				t.Errorf("of %d sessions there are places at %v", c.sessions, seqs(got))
			}
		}
	}
}

// Wherever somebody begins, the places are the same.
func TestPlacesAreAFunctionOfTheLogAlone(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	times := make([]int64, 16*Interval)
	at := int64(0)
	for i := range times {
		if r.IntN(1000) == 0 {
			at += r.Int64N(int64(2 * time.Hour))
		}
		at += r.Int64N(1000)
		times[i] = at
	}
	live := func(seq events.Seq) int { return int(seq) % 700 }
	all := places(nil, times, live)
	if len(all) < 50 {
		t.Fatalf("only %d places", len(all))
	}
	for i := range all {
		if got := places(&all[i], times, live); !slices.Equal(got, all[i+1:]) {
			t.Fatalf("from %d on: %v, want %v", all[i].Seq, seqs(got), seqs(all[i+1:]))
		}
	}
}
