package stream

import (
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// A stuck writer writes nothing until it is released.
type stuck struct{ release chan struct{} }

func (s stuck) Write(b []byte) (int, error) {
	<-s.release
	return len(b), nil
}

func (stuck) SetWriteDeadline(time.Time) error { return nil }

// Many slow readers together can't take what each of them may take alone, and
// what they have read makes room for others.
func TestSlowReadersShareOneLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := &Budget{most: 100 << 10}
		slow := stuck{make(chan struct{})}
		open := func() *outbox { return &outbox{conn: slow, most: maxOutbox, share: Share{of: all}} }
		a, b := open(), open()
		much := make([]byte, freeShare+80<<10)
		if sent, _ := a.send(much); !sent {
			t.Fatal("the first slow reader has no room")
		}
		if sent, full := b.send(much); sent || !full {
			t.Fatalf("the second: sent %v, full %v", sent, full)
		}
		if sent, _ := b.send(make([]byte, freeShare)); !sent {
			t.Error("a peer that is not slow is refused")
		}
		close(slow.release)
		a.flush()
		b.flush()
		if sent, _ := b.send(much); !sent {
			t.Error("what was read made no room")
		}
		b.flush()
		synctest.Wait()
		if n := all.bytes.Load(); n != 0 {
			t.Errorf("%d bytes are counted, and nothing waits", n)
		}
	})
}

// An outbox that fails gives back what it has taken.
func TestAFailedReaderGivesItsRoomBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := &Budget{most: 1 << 20}
		here, there := net.Pipe()
		o := &outbox{conn: here, most: maxOutbox, share: Share{of: all}, broken: func() {}}
		o.send(make([]byte, 200<<10))
		synctest.Wait()
		there.Close()
		o.flush()
		synctest.Wait()
		if n := all.bytes.Load(); n != 0 {
			t.Errorf("%d bytes are counted of a client that is gone", n)
		}
	})
}

// A written writer keeps what it gets, a string a write.
type written struct{ batches []string }

func (w *written) Write(b []byte) (int, error) {
	w.batches = append(w.batches, string(b))
	return len(b), nil
}

func (*written) SetWriteDeadline(time.Time) error { return nil }

// Whoever holds the outbox writes what it has sent in one piece, when it
// flushes.
func TestWhatIsHeldWaitsForAFlush(t *testing.T) {
	t.Parallel()
	for name, goOn := range map[string]func(*outbox){
		"flush":   (*outbox).flush,
		"release": func(o *outbox) { o.hold(false) },
		"finish":  func(o *outbox) { o.finish() },
	} {
		synctest.Test(t, func(t *testing.T) {
			var w written
			o := &outbox{conn: &w, most: maxOutbox, share: Share{of: &Budget{}}}
			o.hold(true)
			o.send([]byte("a"))
			o.send([]byte("b"), []byte("c"))
			synctest.Wait()
			if len(w.batches) > 0 {
				t.Errorf("%s: wrote %q while it was held", name, w.batches)
			}
			goOn(o)
			synctest.Wait()
			if len(w.batches) != 1 || w.batches[0] != "abc" {
				t.Errorf("%s: wrote %q, want abc in one piece", name, w.batches)
			}
			o.hold(false)
			if o.queue != nil || o.spare != nil {
				t.Errorf("%s: an idle outbox keeps a buffer", name)
			}
		})
	}
}
