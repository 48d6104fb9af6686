package capacity_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

// A small disk has room for a log of so many bytes, and for nothing else.
type smallDisk struct {
	*bustest.Log
	size uint64
}

func (d smallDisk) Disk(ctx context.Context) *capacity.Disk {
	info, err := d.Info(ctx)
	if err != nil || d.size == 0 {
		return nil
	}
	return &capacity.Disk{Free: max(d.size, info.Bytes) - info.Bytes}
}

func lookOn(t *testing.T, d smallDisk) *capacity.Report {
	t.Helper()
	r, err := capacity.Look(context.Background(), d, 0, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if g, err := capacity.Glance(context.Background(), d, 0, time.Now()); err != nil || g.Level() != r.Level() {
		t.Errorf("at a glance it is %s, and it is %s, %v", g.Level(), r.Level(), err)
	}
	return r
}

// The forecast of a disk comes true, whatever the log's limit, and its levels are those of a
// log that is as full.
func TestADiskMayBeFullBeforeTheLog(t *testing.T) {
	t.Parallel()
	for _, limit := range []uint64{0, 1 << 30} {
		synctest.Test(t, func(t *testing.T) {
			w := &writer{t: t, Log: bustest.NewLog()}
			if limit > 0 {
				w.Limit(limit)
			}
			disk := smallDisk{w.Log, 64 << 10}
			w.write(4, 3*day, never)
			begun, forecast := time.Now(), lookOn(t, disk)
			if room, byDisk := forecast.Room(); room != 64<<10 || !byDisk || forecast.Level() != capacity.Fine {
				t.Fatalf("there is room for %d, by the disk: %t; it is %s", room, byDisk, forecast.Level())
			}
			for _, step := range []struct {
				used float64
				want capacity.Level
			}{{0.75, capacity.Warning}, {0.90, capacity.Critical}, {1, capacity.Full}} {
				w.write(4, 40*day, func() bool { return lookOn(t, disk).Used() >= step.used })
				if step.used == 1 {
					took := time.Since(begun)
					if forecast.FullIn < took*9/10 || forecast.FullIn > took*11/10 {
						t.Errorf("it was full after %s; the forecast was %s", took, forecast.FullIn)
					}
				} else if r := lookOn(t, disk); r.FullIn > 2*day && r.Level() != step.want {
					t.Errorf("at %.2f it is %s", r.Used(), r.Level())
				}
			}
			if r := lookOn(t, disk); r.Level() != capacity.Full || r.FullIn != 0 {
				t.Errorf("at the end it is %s", r.Level())
			}
		})
	}
}

// A disk that has more than the log may take says nothing about it, and one that nobody knows
// as little.
func TestALargeDiskChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &writer{t: t, Log: bustest.NewLog()}
		w.Limit(64 << 10)
		w.write(4, 3*day, never)
		want := w.look()
		for _, size := range []uint64{0, 1 << 40} {
			r := lookOn(t, smallDisk{w.Log, size})
			if _, byDisk := r.Room(); byDisk || r.FullIn != want.FullIn || r.Used() != want.Used() || r.Level() != want.Level() || (r.Disk == nil) != (size == 0) {
				t.Errorf("with a disk of %d it is %+v, without %+v", size, r, want)
			}
		}
	})
}
