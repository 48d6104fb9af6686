package main

import (
	"fmt"
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

	// percent says how far it is where total is not known; nil: nobody knows. It is called
	// by another goroutine.
	percent func() int
	shown   sync.WaitGroup
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
			p.con.erasable("%s", p.text())
			select {
			case <-p.end:
				p.con.erasable("")
				return
			case <-tick.C:
			}
		}
	})
}

// text is what is shown now.
func (p *progress) text() string {
	n := p.count.Load()
	switch {
	case p.total >= 0:
		return fmt.Sprintf("%s: %d of %d (%d %%)", p.what, n, p.total, 100*min(n, int64(p.total))/int64(max(p.total, 1)))
	case p.percent != nil:
		return fmt.Sprintf("%s: %d (%d %%)", p.what, n, p.percent())
	}
	return fmt.Sprintf("%s: %d", p.what, n)
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
