package projector

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/session"
)

// keyframeOf is what a keyframer writes of a table that was folded up to a record.
func keyframeOf(table *Table, st *events.Stored) (keyframe.Head, []byte) {
	h := keyframe.Head{
		Stream: testStream, Created: testCreated.UnixNano(), Seq: st.Seq, At: st.At, ID: st.ID, Leases: table.Leases(),
	}
	v := table.hold()
	defer table.release(v)
	return h, keyframe.Encode(h, slices.Collect(table.then(v)))
}

func restored(t testing.TB, w *scribe, store events.Keyframes) (*Table, *keyframe.Head) {
	t.Helper()
	info, err := w.log.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table := NewTable()
	h, err := Restoration{Log: w.log, Keyframes: store, Info: info, Passed: func(k events.Keyframe, err error) {
		t.Errorf("%s is passed over: %v", k, err)
	}}.Fill(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	return table, h
}

// A keyframe and the rest of the log are the whole of it, wherever it is cut.
func TestAKeyframeAndTheRestAreTheFoldOfAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := withConnectors(r)
		if len(w.stored) == 0 {
			return
		}
		cut := rapid.IntRange(1, len(w.stored)).Draw(r, "cut")
		whole, store := NewTable(), bustest.NewKeyframes()
		for i := range w.stored[:cut] {
			whole.Fold(&w.stored[i])
		}
		h, data := keyframeOf(whole, &w.stored[cut-1])
		if err := store.Create(t.Context(), h.Name(), data); err != nil {
			r.Fatal(err)
		}
		rest, _ := restored(t, w, store)
		for i := cut - 1; ; i++ {
			if at, got := rest.Hash(); got != hashOf(whole) || at.Seq != w.stored[i].Seq {
				r.Fatalf("from a keyframe at %d the table at %d differs from the whole at %d", cut, at.Seq, w.stored[i].Seq)
			}
			checkInvariants(r, rest)
			if a, b := rest.Leases(), whole.Leases(); !reflect.DeepEqual(a, b) {
				r.Fatalf("at %d the log says %+v of leases, want %+v", w.stored[i].Seq, a, b)
			}
			if i+1 == len(w.stored) {
				break
			}
			whole.Fold(&w.stored[i+1])
			rest.Fold(&w.stored[i+1])
		}
		if a, b := rest.Stats(), whole.Stats(); a.Sessions != b.Sessions || a.Mismatched > b.Mismatched {
			r.Fatalf("%+v, want %+v", a, b)
		}
		if a, b := rest.Connectors(), whole.Connectors(); !slices.Equal(a, b) {
			r.Fatalf("connectors %v, want %v", a, b)
		}
		_, again := keyframeOf(rest, &w.stored[len(w.stored)-1])
		if _, want := keyframeOf(whole, &w.stored[len(w.stored)-1]); !slices.Equal(again, want) {
			r.Fatal("the next keyframe has other bytes")
		}
	})
}

func hashOf(t *Table) Hash {
	_, h := t.Hash()
	return h
}

// busy is a log of three days, an event every 20 minutes.
func busy() *scribe {
	w := newScribe()
	w.pace = 20 * time.Minute
	for i := range byte(40) {
		w.online(i+1, fmt.Sprintf("u%d@localhost", i%5), fmt.Sprintf("r%d", i), int8(i))
		if i >= 3 {
			w.must(fmt.Sprintf("u%d@localhost", (i-3)%5), session.Close{Session: sid(i - 2)})
		}
	}
	return w
}

func project(t *testing.T, w *scribe, store events.Keyframes, write bool) *Projector {
	t.Helper()
	p, stop := run(t, Config{Log: w.log, Table: NewTable(), Keyframes: store, Write: write})
	if err := p.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p.frames != nil {
		p.frames.wait()
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	return p
}

func names(t *testing.T, store events.Keyframes) []events.Keyframe {
	t.Helper()
	list, err := store.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// all are the keyframes of a log at all of its places.
func all(t *testing.T, w *scribe) *bustest.Keyframes {
	t.Helper()
	store, table, places := bustest.NewKeyframes(), NewTable(), keyframe.Places{}
	write := func(st *events.Stored) {
		places.Take()
		h, data := keyframeOf(table, st)
		if err := store.Create(t.Context(), h.Name(), data); err != nil {
			t.Fatal(err)
		}
	}
	for i := range w.stored {
		st := &w.stored[i]
		if places.Before(st, table.stats.Sessions) {
			write(&w.stored[i-1])
		}
		table.Fold(st)
		if places.After(st, table.stats.Sessions) {
			write(st)
		}
	}
	return store
}

func TestWhoeverWritesKeyframesWritesTheSame(t *testing.T) {
	t.Parallel()
	w := busy()
	whole := all(t, w)
	list := names(t, whole)
	if len(list) < 20 {
		t.Fatalf("only %d keyframes of %d records", len(list), w.last())
	}
	for i, k := range list {
		store := bustest.NewKeyframes()
		data, err := whole.Read(t.Context(), k)
		if err == nil {
			err = store.Create(t.Context(), k, data)
		}
		if err != nil {
			t.Fatal(err)
		}
		project(t, w, store, true) // begins with that one
		written := names(t, store)
		if len(written) < 2 && i < len(list)-1 {
			t.Errorf("from %s on none was written", k)
		}
		for _, k := range written {
			got, _ := store.Read(t.Context(), k)
			if want, err := whole.Read(t.Context(), k); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s has other bytes than elsewhere, %v", k, err)
			}
		}
	}
}

func TestAProjectorFoldsOnlyWhatIsBehindTheNewestKeyframe(t *testing.T) {
	t.Parallel()
	w := busy()
	store, want := all(t, w), hashOf(w.table())
	list := names(t, store)
	newest := list[len(list)-1]
	p := project(t, w, store, false)
	if got := p.cfg.Table.Stats().Records; got != uint64(w.last()-newest.Seq) {
		t.Errorf("%d records folded, want those after %d of %d", got, newest.Seq, w.last())
	}
	if hashOf(p.cfg.Table) != want {
		t.Error("the tables differ")
	}
}

// Each ends in a correct table, from the next older one or from the log's beginning.
func TestAKeyframeThatIsNoGoodIsNamedAndPassedOver(t *testing.T) {
	t.Parallel()
	w := busy()
	store, want := all(t, w), hashOf(w.table())
	list := names(t, store)
	newest, second := list[len(list)-1], list[len(list)-2]
	good, err := store.Read(t.Context(), newest)
	if err != nil {
		t.Fatal(err)
	}
	rename := func(change func(*events.Keyframe)) func() events.Keyframe {
		return func() events.Keyframe {
			k := newest
			change(&k)
			if err := store.Create(t.Context(), k, good); err != nil {
				t.Fatal(err)
			}
			return k
		}
	}
	damage := func(change func([]byte) []byte) func() events.Keyframe {
		return func() events.Keyframe {
			store.Damage(newest, change)
			return newest
		}
	}
	for _, c := range []struct {
		name string
		make func() events.Keyframe
		want error
	}{
		{"a bit has flipped", damage(func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), events.ErrDamaged},
		{"it is cut off", damage(func(b []byte) []byte { return b[:len(b)-1] }), events.ErrDamaged},
		{"it is empty", damage(func(b []byte) []byte { return nil }), events.ErrDamaged},
		{"it is something else", damage(func(b []byte) []byte { return []byte("RCKG") }), events.ErrDamaged},
		{"its data is of a future format", damage(func(b []byte) []byte { b[4]++; return b }), keyframe.ErrFormat},
		{"its name is of a future format", rename(func(k *events.Keyframe) { k.Format++ }), keyframe.ErrFormat},
		{"it is of another log", rename(func(k *events.Keyframe) { k.Created++; k.Seq++ }), events.ErrRewound},
		{"the log ends before it", rename(func(k *events.Keyframe) { k.Seq += 1000 }), events.ErrRewound},
		{"another is in its place", rename(func(k *events.Keyframe) { k.Seq++ }), events.ErrDamaged},
	} {
		k := c.make()
		var passed []error
		info, _ := w.log.Info(t.Context())
		table := NewTable()
		_, err := Restoration{Log: w.log, Keyframes: store, Info: info, Passed: func(got events.Keyframe, err error) {
			if got == k {
				passed = append(passed, err)
			}
		}}.Fill(t.Context(), table)
		if err != nil || len(passed) != 1 || !errors.Is(passed[0], c.want) {
			t.Errorf("%s: passed over for %v, %v, want %v", c.name, passed, err, c.want)
		}
		if at := table.Position().Seq; k == newest && at != second.Seq || k != newest && at != newest.Seq {
			t.Errorf("%s: the table begins at %d", c.name, at)
		}
		if got := hashOf(project(t, w, store, false).cfg.Table); got != want {
			t.Errorf("%s: the table is wrong", c.name)
		}
		if k == newest {
			store.Damage(newest, func([]byte) []byte { return good })
		} else if err := store.Remove(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
}

// Another process may write one while this one starts: nothing is wrong with that.
func TestAKeyframeThatIsNewerThanTheQuestionIsPassedOverInSilence(t *testing.T) {
	t.Parallel()
	w := busy()
	store := all(t, w)
	list := names(t, store)
	info, _ := w.log.Info(t.Context())
	info.Last = list[len(list)-1].Seq - 1
	h, err := Restoration{Log: w.log, Keyframes: store, Info: info, Passed: func(k events.Keyframe, err error) {
		t.Errorf("%s: %v", k, err)
	}}.Fill(t.Context(), NewTable())
	if err != nil || h == nil || h.Seq != list[len(list)-2].Seq {
		t.Errorf("it begins with %+v, %v", h, err)
	}
}

// A log that was restored from a copy goes on with other records at the same places.
func TestALogThatWasCutAndWentOnIsRecognised(t *testing.T) {
	t.Parallel()
	w := busy()
	store := all(t, w)
	cut := busy()
	for i := range cut.stored[90:] {
		st := cut.stored[90+i]
		st.ID[0] = 0xff
		cut.log.entries[90+i].data = st.Record.Append(nil)
	}
	table := NewTable()
	info, _ := cut.log.Info(t.Context())
	h, err := Restoration{Log: cut.log, Keyframes: store, Info: info}.Fill(t.Context(), table)
	if err != nil || h == nil || h.Seq > 90 || h.Seq < 80 {
		t.Errorf("the table begins at %+v, %v; the records of before are up to 90", h, err)
	}
	project(t, cut, store, false)
	if list := names(t, store); list[len(list)-1].Seq <= 90 {
		t.Error("a projector that writes none has removed keyframes")
	}
	project(t, cut, store, true)
	for _, k := range names(t, store) {
		if h, _ := (Restoration{Log: cut.log, Keyframes: store, Info: info, Wanted: func(o events.Keyframe) bool { return o == k }}).Fill(t.Context(), NewTable()); h == nil {
			t.Errorf("%s is still there, and of no use", k)
		}
	}
}

// Records that retention has removed behind a keyframe would be missing in silence.
func TestAKeyframeWithAGapBehindItIsNotUsed(t *testing.T) {
	t.Parallel()
	w := busy()
	store := all(t, w)
	list := names(t, store)
	for _, k := range list[:len(list)-1] {
		info, _ := w.log.Info(t.Context())
		wanted := func(o events.Keyframe) bool { return o.Seq <= k.Seq }
		for first, usable := range map[events.Seq]bool{k.Seq: true, k.Seq + 1: true, k.Seq + 2: false} {
			info.First = first
			h, err := Restoration{Log: w.log, Keyframes: store, Info: info, Wanted: wanted}.Fill(t.Context(), NewTable())
			if err != nil || (h != nil) != usable {
				t.Errorf("%s of a log that begins at %d: %+v, %v", k, first, h, err)
			}
		}
	}
}

func TestAProjectorWaitsForKeyframesThatCannotBeReached(t *testing.T) {
	t.Parallel()
	w := busy()
	store := all(t, w)
	p := project(t, w, &refusing{Keyframes: store, lists: 2}, false)
	if got := p.cfg.Table.Stats().Records; got > 10 {
		t.Errorf("it folded %d records", got)
	}
}

func TestAProjectorGoesOnWhenKeyframesCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := busy()
	p := project(t, w, &refusing{Keyframes: bustest.NewKeyframes(), claims: true}, true)
	if hashOf(p.cfg.Table) != hashOf(w.table()) {
		t.Error("the table is wrong")
	}
}

// Two processes that follow the same log write each keyframe once, and the same.
func TestTwoProjectorsWriteEachKeyframeOnce(t *testing.T) {
	t.Parallel()
	w, shared := busy(), bustest.NewKeyframes()
	alone := all(t, w)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { project(t, w, shared, true) })
	}
	both.Wait()
	for _, k := range names(t, shared) {
		got, _ := shared.Read(t.Context(), k)
		if want, err := alone.Read(t.Context(), k); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s has other bytes than those of one alone, %v", k, err)
		}
	}
}

// refusing can't be listed at first, or can't be written.
type refusing struct {
	events.Keyframes
	lists  int
	claims bool
}

func (f *refusing) List(ctx context.Context) ([]events.Keyframe, error) {
	if f.lists--; f.lists >= 0 {
		return nil, events.ErrUnavailable
	}
	return f.Keyframes.List(ctx)
}

func (f *refusing) Claim(ctx context.Context) (func(), error) {
	if f.claims {
		return nil, events.ErrFull
	}
	return f.Keyframes.Claim(ctx)
}

func TestKeyframesThatNobodyCanUseAreRemoved(t *testing.T) {
	t.Parallel()
	w, store := busy(), bustest.NewKeyframes()
	foreign := events.Keyframe{Format: 1, Created: 99, Seq: 5, At: 5}
	if err := store.Create(t.Context(), foreign, nil); err != nil {
		t.Fatal(err)
	}
	project(t, w, store, true)
	if slices.Contains(names(t, store), foreign) {
		t.Error("that of another log is still there")
	}
	var list []events.Keyframe
	for i := range events.Seq(maxKeyframes + 100) {
		list = append(list, events.Keyframe{Created: 1, Seq: 10 * (i + 1)})
	}
	info := events.Info{Created: testCreated, First: 12}
	gone := useless(slices.Clone(list), info)
	if len(gone) != 100 || gone[0].Seq != 10 || slices.Contains(gone, list[1]) || slices.Contains(gone, list[len(list)-1]) {
		t.Errorf("%d go, first %v", len(gone), gone[0])
	}
}
