package projector

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
)

// waiting has a keyframer wait for its turn, which another has. held tells how many
// snapshots of the table there are.
func waiting(t *testing.T) (k *keyframer, store *bustest.Keyframes, of keyframe.Head, held func() int) {
	t.Helper()
	w, store := busy(), bustest.NewKeyframes()
	if _, err := store.Claim(t.Context()); err != nil { // of somebody who writes for long
		t.Fatal(err)
	}
	table := w.table()
	k = newKeyframer(Config{Log: w.log, Keyframes: store, Logger: slog.New(slog.DiscardHandler)}, table)
	info, err := w.log.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k.begin(info, nil)
	last := &w.stored[len(w.stored)-1]
	k.places.After(last, 0)
	k.take(t.Context(), true)
	return k, store, keyframe.Head{Created: info.Created.UnixNano(), Seq: last.Seq, At: last.At}, func() int {
		table.mu.Lock()
		defer table.mu.Unlock()
		return len(table.snapshots)
	}
}

// Of many processes one writes a keyframe, and while the others wait they hold a snapshot.
func TestAKeyframeThatAnotherHasWrittenIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	keyframe.Encode(keyframe.Head{}, nil) // what it makes once must not belong to one world
	synctest.Test(t, func(t *testing.T) {
		k, store, h, held := waiting(t)
		time.Sleep(claimPatience / 2)
		if n := held(); n != 1 {
			t.Fatalf("while nobody has written it there are %d snapshots", n)
		}
		if err := store.Create(t.Context(), h.Name(), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lastPause + time.Millisecond)
		synctest.Wait()
		if held() != 0 {
			t.Error("the snapshot is held though the keyframe is there")
		}
		k.wait()
	})
}

// While it waits the table keeps the last version of all that changes.
func TestASnapshotIsNotHeldMuchLongerThanAKilledWriterHasTheTurn(t *testing.T) {
	t.Parallel()
	keyframe.Encode(keyframe.Head{}, nil)
	synctest.Test(t, func(t *testing.T) {
		k, _, _, held := waiting(t)
		time.Sleep(6 * time.Second) // the claim of one that was killed has ended
		if held() != 1 {
			t.Error("the keyframe was given up before its turn could come")
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if held() != 0 {
			t.Error("the snapshot is held for a turn that does not come")
		}
		k.wait()
	})
}
