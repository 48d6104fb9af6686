package projector

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
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
		if err := p.WaitFilled(t.Context()); err != nil {
			t.Fatal(err)
		}
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

// A log that once had many sessions would otherwise be folded at every start.
func TestAGapIsWholeIfThereWereThatManySessions(t *testing.T) {
	t.Parallel()
	const n = keyframe.Interval
	g := gap{after: 10 * n, to: 16 * n}
	for _, c := range []struct {
		name string
		base *keyframe.Head
		want bool
	}{
		{"no keyframe before it", nil, false},
		{"few sessions", &keyframe.Head{Seq: 10 * n, Sessions: n / 4}, false},
		{"many sessions", &keyframe.Head{Seq: 10 * n, Sessions: n / 2}, true},
		{"many sessions, and yet some are missing", &keyframe.Head{Seq: 10 * n, Sessions: n/2 - 1}, false},
		{"the keyframe there is no good, but one long before", &keyframe.Head{Seq: 5 * n, Sessions: n / 2}, false},
	} {
		if got := g.isWhole(c.base); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestNothingIsReadAgainWhereThereWereManySessions(t *testing.T) {
	t.Parallel()
	const n = keyframe.Interval
	h := keyframe.Head{Stream: testStream, Created: testCreated.UnixNano(), Seq: 1, At: 1}
	var accounts []*session.Account
	for i := range n + 1 {
		a := session.Apply(nil, &events.Stored{
			Seq: 1, Record: events.Record{Session: sid(1), JID: jid(fmt.Sprintf("u%d@localhost", i)), Event: events.Authenticated{}},
		})
		accounts = append(accounts, a)
	}
	store := bustest.NewKeyframes()
	if err := store.Create(t.Context(), h.Name(), keyframe.Encode(h, accounts)); err != nil {
		t.Fatal(err)
	}
	log := &unread{testLog: newTestLog(), last: 3*n + 1}
	c := Config{Log: log, Table: NewTable(), Keyframes: store, Logger: slog.New(slog.DiscardHandler)}
	if err := fill(t.Context(), c, 3*n+1); err != nil || log.reads > 0 {
		t.Errorf("%d times, %v", log.reads, err)
	}
}

// An unread log begins with its second record, and counts how often it is read.
type unread struct {
	*testLog
	last  events.Seq
	reads int
}

func (l *unread) Info(context.Context) (events.Info, error) {
	return events.Info{Stream: testStream, Created: testCreated, First: 2, Last: l.last, Records: 1}, nil
}

func (l *unread) Read(context.Context, events.Range) iter.Seq2[*events.Stored, error] {
	l.reads++
	return func(func(*events.Stored, error) bool) {}
}

// A slow store is listed once, and after that only when whoever asks gives up.
type slow struct {
	events.Keyframes
	listed atomic.Bool
}

func (s *slow) List(ctx context.Context) ([]events.Keyframe, error) {
	if s.listed.Swap(true) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.Keyframes.List(ctx)
}

// Otherwise its process would go on, with a table that stands still.
func TestAProjectorWhoseLogIsGoneDoesNotWaitForKeyframes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := busy()
		p := newProjector(t, Config{Log: w.log, Table: NewTable(), Keyframes: &slow{Keyframes: bustest.NewKeyframes()}, Write: true})
		done := make(chan error, 1)
		go func() { done <- p.Run(t.Context()) }()
		<-p.CaughtUp()
		w.log.add(entry{err: events.ErrRewound})
		if err := <-done; !errors.Is(err, events.ErrRewound) {
			t.Errorf("it ended with %v", err)
		}
	})
}
