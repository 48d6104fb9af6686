package c2s

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
		all := &backlog{most: 100 << 10}
		slow := stuck{make(chan struct{})}
		open := func() *outbox { return &outbox{conn: slow, most: maxOutbox, all: all} }
		a, b := open(), open()
		much := make([]byte, slowOutbox+80<<10)
		if sent, _ := a.send(much); !sent {
			t.Fatal("the first slow reader has no room")
		}
		if sent, full := b.send(much); sent || !full {
			t.Fatalf("the second: sent %v, full %v", sent, full)
		}
		if sent, _ := b.send(make([]byte, slowOutbox)); !sent {
			t.Error("who is not slow is refused")
		}
		close(slow.release)
		a.flush()
		b.flush()
		if sent, _ := b.send(much); !sent {
			t.Error("what was read made no room")
		}
		b.flush()
		synctest.Wait()
		if n := all.waiting.Load(); n != 0 {
			t.Errorf("%d bytes are counted, and nothing waits", n)
		}
	})
}

// An outbox that fails gives back what it has taken.
func TestAFailedReaderGivesItsRoomBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := &backlog{most: 1 << 20}
		here, there := net.Pipe()
		o := &outbox{conn: here, most: maxOutbox, all: all, broken: func() {}}
		o.send(make([]byte, 200<<10))
		synctest.Wait()
		there.Close()
		o.flush()
		synctest.Wait()
		if n := all.waiting.Load(); n != 0 {
			t.Errorf("%d bytes are counted of a client that is gone", n)
		}
	})
}
