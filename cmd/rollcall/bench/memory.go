package bench

import (
	"context"
	"fmt"
	"runtime"
)

// runMemory measures what a live session costs in the table, everything
// included, one session an account: the worst case.
func (b *Bench) runMemory(context.Context) error {
	for _, n := range b.Sessions {
		before := heap()
		f := newFold(n)
		f.online()
		f.list = nil
		bytes := float64(heap()-before) / float64(n)
		runtime.KeepAlive(f)
		if err := b.Row(fmt.Sprintf("table with %d sessions", n), fmt.Sprintf("%.0f B each", bytes)); err != nil {
			return err
		}
	}
	return nil
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
