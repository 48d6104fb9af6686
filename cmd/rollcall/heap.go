package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// heapFloor is a size of the heap in bytes below which garbage is not
	// collected. A process with few sessions would do little else while clients
	// log in, which makes garbage and leaves hardly anything.
	heapFloor = 96 << 20
	// usualPercent is by how much a larger heap grows from one collection to the
	// next; it is Go's own default.
	usualPercent = 100
	// percentStep makes small changes of the heap change nothing.
	percentStep = 50
)

// keepHeapFloor lets the process use heapFloor bytes before garbage is
// collected, unless GOGC or GOMEMLIMIT says what the operator wants.
func keepHeapFloor() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	p := &gcPace{percent: usualPercent}
	p.live[0].Name = "/gc/heap/live:bytes"
	p.adjust()
}

// A gcPace adjusts what Go has no setting for from one collection to the next.
// It belongs to the goroutine that runs cleanups.
type gcPace struct {
	percent int
	live    [1]metrics.Sample
}

// adjust is called again after the next collection: a cleanup runs when its
// object was collected, and this one is garbage at once.
func (p *gcPace) adjust() {
	metrics.Read(p.live[:])
	if percent := percentFor(p.live[0].Value.Uint64()); percent != p.percent {
		p.percent = percent
		debug.SetGCPercent(percent) // stops the world for a moment
	}
	runtime.AddCleanup(new([64]byte), (*gcPace).adjust, p)
}

// percentFor is by how much a heap with so many live bytes may grow.
func percentFor(live uint64) int {
	live = max(live, 1<<20)
	if live >= heapFloor {
		return usualPercent
	}
	room := int((heapFloor - live) * 100 / live)
	return max(usualPercent, room/percentStep*percentStep)
}

// leaveNoStartBehind collects the garbage of a start and gives its memory back: an
// embedded server has read the index of a long log, which is more than all that lives
// afterwards, and below heapFloor nobody would collect it. It takes some tens of
// milliseconds of one processor.
func leaveNoStartBehind() {
	if os.Getenv("GOGC") != "off" {
		debug.FreeOSMemory()
	}
}
