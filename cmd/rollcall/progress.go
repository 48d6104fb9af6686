package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// progress shows on a terminal how far a long command is, five times a second,
// on one line. Where nobody watches it shows nothing. add may be called by
// many goroutines.
type progress struct {
	con   *console
	what  string
	total int
	count atomic.Int64
	begun sync.Once     // for of
	end   chan struct{} // closed by stop
	shown sync.WaitGroup
}

// start begins a phase; a total below 0 is one that nobody knows.
func (p *progress) start(con *console, what string, total int) {
	p.con, p.what, p.total = con, what, total
	p.count.Store(0)
	if !con.errTerminal() || total == 0 {
		return
	}
	p.end = make(chan struct{})
	p.shown.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			if p.total < 0 {
				p.con.erasable("%s: %d", p.what, p.count.Load())
			} else {
				p.con.erasable("%s: %d of %d", p.what, p.count.Load(), p.total)
			}
			select {
			case <-p.end:
				p.con.erasable("")
				return
			case <-tick.C:
			}
		}
	})
}

// of counts one of total, and begins the phase with the first.
func (p *progress) of(con *console, what string, total int) {
	p.begun.Do(func() { p.start(con, what, total) })
	p.add(1)
}

func (p *progress) add(n int) { p.count.Add(int64(n)) }

// stop ends the phase and erases its line. It may be called again.
func (p *progress) stop() {
	if p.end == nil {
		return
	}
	close(p.end)
	p.shown.Wait()
	p.end = nil
}
