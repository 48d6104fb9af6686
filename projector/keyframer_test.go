package projector

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
)

// Of many processes one writes a keyframe, and while the others wait they hold a snapshot.
func TestAKeyframeThatAnotherHasWrittenIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	keyframe.Encode(keyframe.Head{}, nil) // what it makes once must not belong to one world
	synctest.Test(t, func(t *testing.T) {
		w, store := busy(), bustest.NewKeyframes()
		if _, err := store.Claim(t.Context()); err != nil { // of somebody who writes for long
			t.Fatal(err)
		}
		table := w.table()
		k := newKeyframer(Config{Log: w.log, Keyframes: store, Logger: slog.New(slog.DiscardHandler)}, table)
		info, err := w.log.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		k.begin(info, nil)
		last := &w.stored[len(w.stored)-1]
		k.places.After(last, 0)
		k.take(t.Context(), true)
		h := keyframe.Head{Created: info.Created.UnixNano(), Seq: last.Seq, At: last.At}
		held := func() int {
			table.mu.Lock()
			defer table.mu.Unlock()
			return len(table.snapshots)
		}
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
