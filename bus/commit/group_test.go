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
		g.Add(w, 0)
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
		g.Add(first, 0)
		time.Sleep(syncTime / 2)
		later := make([]*write, 1000)
		for i := range later {
			later[i] = newWrite()
			g.Add(later[i], 0)
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

// Whoever sees something late that was written before a sync need not have another.
func TestWhatWasWrittenBeforeASyncIsServedByIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d disk
		g := NewGroup(d.sync, (*write).done)
		first, during, beyond, after := newWrite(), newWrite(), newWrite(), newWrite()
		g.Add(first, 7)
		time.Sleep(syncTime / 2)
		if g.Await(during, 7, 9) {
			t.Error("another sync begins for what the one that runs serves")
		}
		if !g.Await(beyond, 8, 9) {
			t.Error("no sync begins for what was perhaps written after the one that runs")
		}
		<-first.end
		<-during.end
		if during.at != first.at || g.Lasting() != 7 {
			t.Errorf("done %s later, and all up to %d lasts", during.at.Sub(first.at), g.Lasting())
		}
		<-beyond.end
		if d.synced != 2 || beyond.at.Sub(first.at) != syncTime || g.Lasting() != 9 {
			t.Errorf("done %s later with %d syncs, and all up to %d lasts", beyond.at.Sub(first.at), d.synced, g.Lasting())
		}
		g.Await(after, 9, 9)
		<-after.end
		if d.synced != 2 || after.at != beyond.at {
			t.Errorf("what lasts is done after %s, with %d syncs", after.at.Sub(beyond.at), d.synced)
		}
	})
}

func TestASyncThatFailsMakesNothingLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := disk{fails: errors.New("input/output error")}
		g := NewGroup(d.sync, (*write).done)
		first, during, later := newWrite(), newWrite(), newWrite()
		g.Add(first, 7)
		time.Sleep(syncTime / 2)
		g.Await(during, 7, 7)
		<-during.end
		if during.err == nil || g.Lasting() != 0 {
			t.Errorf("%v, and all up to %d lasts", during.err, g.Lasting())
		}
		if !g.Await(later, 7, 7) {
			t.Error("no sync begins for what was not synced")
		}
		<-later.end
	})
}

func TestASyncThatFailsFailsThoseThatWaitedForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := disk{fails: errors.New("input/output error")}
		g := NewGroup(d.sync, (*write).done)
		first, next := newWrite(), newWrite()
		g.Add(first, 0)
		<-first.end
		d.mu.Lock()
		d.fails = nil
		d.mu.Unlock()
		g.Add(next, 0)
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
