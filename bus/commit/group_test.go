package commit

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A disk takes a while to sync, and counts how often it did.
type disk struct {
	mu     sync.Mutex
	synced int
	fails  error
}

const syncTime = time.Millisecond

func (d *disk) sync() error {
	time.Sleep(syncTime)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.synced++
	return d.fails
}

// A write tells when it was done and how.
type write struct {
	at  time.Time
	err error
	end chan struct{}
}

func (w *write) done(err error) {
	w.at, w.err = time.Now(), err
	close(w.end)
}

func newWrite() *write { return &write{end: make(chan struct{})} }

func TestOneWriteWaitsForOneSync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d disk
		g := NewGroup(d.sync, (*write).done)
		begin, w := time.Now(), newWrite()
		g.Add(w)
		<-w.end
		if took := w.at.Sub(begin); took != syncTime || d.synced != 1 {
			t.Errorf("done after %s and %d syncs", took, d.synced)
		}
	})
}

func TestWritesThatComeDuringASyncShareTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d disk
		g := NewGroup(d.sync, (*write).done)
		first := newWrite()
		g.Add(first)
		time.Sleep(syncTime / 2)
		later := make([]*write, 1000)
		for i := range later {
			later[i] = newWrite()
			g.Add(later[i])
		}
		<-first.end
		for _, w := range later {
			<-w.end
			if w.at.Sub(first.at) != syncTime {
				t.Fatalf("done %s after the sync that had begun before it", w.at.Sub(first.at))
			}
		}
		if d.synced != 2 {
			t.Errorf("%d syncs", d.synced)
		}
	})
}

func TestASyncThatFailsFailsThoseThatWaitedForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := disk{fails: errors.New("input/output error")}
		g := NewGroup(d.sync, (*write).done)
		first, next := newWrite(), newWrite()
		g.Add(first)
		<-first.end
		d.mu.Lock()
		d.fails = nil
		d.mu.Unlock()
		g.Add(next)
		<-next.end
		if first.err == nil || next.err != nil {
			t.Errorf("first: %v, next: %v", first.err, next.err)
		}
	})
}

func TestAServerSaysThatItLeavesSyncingToOthers(t *testing.T) {
	t.Parallel()
	for name, asks := range map[string]bool{"": false, "c1": false, "sync": false, ServerName("c1"): true, ServerName(""): true} {
		if Asks(name) != asks {
			t.Errorf("%q: %v", name, Asks(name))
		}
	}
}
