package projector

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"testing"
	"time"

	"rollcall/bus/bustest"
	"rollcall/events"
	"rollcall/projector/keyframe"
	"rollcall/session"
)

// long is a log of so many intervals, all within one hour.
func long(intervals int) *scribe {
	w := newScribe()
	w.pace = time.Microsecond
	w.bound(1, "alice@localhost", "a")
	for n := int8(0); int(w.last()) < intervals*keyframe.Interval+10; n++ {
		w.must("alice@localhost", session.BecomeAvailable{Session: sid(1), Priority: n, Stanza: "<presence/>"})
	}
	return w
}

func TestKeyframesThatThePastMissesAreWritten(t *testing.T) {
	t.Parallel()
	w := long(3)
	whole := all(t, w)
	places := names(t, whole)
	if len(places) != 3 {
		t.Fatalf("places at %v", places)
	}
	for _, missing := range [][]events.Keyframe{places, places[:2]} {
		store := bustest.NewKeyframes()
		for _, k := range places {
			data, err := whole.Read(t.Context(), k)
			if !slices.Contains(missing, k) && (err != nil || store.Create(t.Context(), k, data) != nil) {
				t.Fatal(err)
			}
		}
		p, _ := run(t, Config{Log: w.log, Table: NewTable(), Keyframes: store, Write: true})
		if err := p.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-p.filled
		got := names(t, store)
		for i, k := range got {
			before := events.Seq(0)
			if i > 0 {
				before = got[i-1].Seq
			}
			if k.Seq-before > 2*keyframe.Interval {
				t.Errorf("without %v: there is still a gap from %d to %d", missing, before, k.Seq)
			}
			data, _ := store.Read(t.Context(), k)
			if want, err := whole.Read(t.Context(), k); err != nil || !slices.Equal(data, want) {
				t.Errorf("%s has other bytes than elsewhere, %v", k, err)
			}
		}
	}
}

// An aging log forgets its beginning when it is about to be read.
type aging struct {
	*testLog
	to events.Seq // it forgets up to there
}

func (l aging) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	if r.To > r.After+1 { // not only to look at one record
		l.mu.Lock()
		l.aged = l.to
		l.entries = slices.DeleteFunc(slices.Clone(l.entries), func(e entry) bool { return e.seq <= l.to })
		l.mu.Unlock()
	}
	return l.testLog.Read(ctx, r)
}

// They would lack what was removed, and nobody would know.
func TestNoKeyframesAreWrittenOfWhatRetentionRemovesMeanwhile(t *testing.T) {
	t.Parallel()
	w := long(3)
	whole := all(t, w)
	store, first := bustest.NewKeyframes(), names(t, whole)[0]
	data, err := whole.Read(t.Context(), first)
	if err != nil || store.Create(t.Context(), first, data) != nil {
		t.Fatal(err)
	}
	table := NewTable()
	c := Config{Log: aging{w.log, first.Seq + 5}, Table: table, Keyframes: store, Logger: slog.New(slog.DiscardHandler)}
	if err := fill(t.Context(), c, w.last()); !errors.Is(err, events.ErrRewound) {
		t.Errorf("it ends with %v", err)
	}
	if got := names(t, store); len(got) != 1 {
		t.Errorf("there are %v", got)
	}
}

func TestAGapIsWhereMoreThanTwoIntervalsAreWithoutAKeyframe(t *testing.T) {
	t.Parallel()
	const n = keyframe.Interval
	info := events.Info{Created: testCreated, First: 1}
	at := func(seqs ...events.Seq) (list []events.Keyframe) {
		for _, seq := range seqs {
			list = append(list, events.Keyframe{Format: keyframe.Format, Created: testCreated.UnixNano(), Seq: seq})
		}
		return list
	}
	foreign := at(2 * n)
	foreign[0].Created++
	for _, c := range []struct {
		name     string
		list     []events.Keyframe
		first    events.Seq
		to       events.Seq
		sessions int
		want     []gap
	}{
		{"a short log", nil, 1, 2 * n, 0, nil},
		{"a log without any", nil, 1, 5 * n, 0, []gap{{0, 5 * n}}},
		{"a log whose beginning is gone", nil, 4 * n, 5 * n, 0, nil},
		{"one at each interval", at(n, 2*n, 3*n), 1, 3*n + 5, 0, nil},
		{"none in the middle", at(n, 5*n), 1, 6 * n, 0, []gap{{n, 5 * n}}},
		{"none at the end", at(n), 1, 6 * n, 0, []gap{{n, 6 * n}}},
		{"those of another log", append(at(n), foreign...), 1, 4 * n, 0, []gap{{n, 4 * n}}},
		{"many sessions", at(n), 1, 6 * n, 3 * n, nil},
	} {
		info.First = c.first
		if got := gaps(c.list, info, c.to, c.sessions); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
