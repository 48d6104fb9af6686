package bustest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Faults says how likely each fault is, from 0 to 1, at every Append; at most
// one of them happens at a time. Their sum must not exceed 1.
type Faults struct {
	Seed uint64

	LostAck     float64 // stored, but the writer gets events.ErrUnresolved
	LostRequest float64 // not stored, and the writer gets events.ErrUnresolved
	LateRequest float64 // the writer gets events.ErrUnresolved; the record arrives during a later call
	InFlight    float64 // events.ErrConflict though nobody has written, as a cluster does (error 10164)
	Unavailable float64 // events.ErrUnavailable, nothing stored
	Full        float64 // events.ErrFull, nothing stored

	ReadFails float64       // Next, Last and Info give events.ErrUnavailable
	Delay     time.Duration // of every Append, Next and Last: up to this
}

type faults struct {
	Faults
	random *rand.Rand
	cut    bool
}

// Inject sets the faults from here on. The zero Faults ends them; late requests
// that are under way still arrive.
func (l *Log) Inject(f Faults) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults.Faults = f
	l.faults.random = rand.New(rand.NewPCG(f.Seed, 0))
}

// Partition cuts the log off, or brings it back. While it is cut off all calls
// fail with events.ErrUnavailable and followers wait.
func (l *Log) Partition(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults.cut = cut
	l.wake()
}

// Settle lets the late requests that are under way arrive.
func (l *Log) Settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrive(len(l.late))
}

// appendWithFaults draws one fault at most.
func (l *Log) appendWithFaults(r *events.Record) (events.Seq, error) {
	f := &l.faults
	if f.cut {
		return 0, events.ErrUnavailable
	}
	x := 1.0
	if f.random != nil {
		x = f.random.Float64()
	}
	hit := func(p float64) bool {
		x -= p
		return x < 0
	}
	switch {
	case hit(f.LostAck):
		// A refusal is lost as well as an acknowledgement.
		l.store(r)
		return 0, fmt.Errorf("%w: lost acknowledgement", events.ErrUnresolved)
	case hit(f.LostRequest):
		return 0, fmt.Errorf("%w: lost request", events.ErrUnresolved)
	case hit(f.LateRequest):
		late := *r
		l.late = append(l.late, &late)
		return 0, fmt.Errorf("%w: late request", events.ErrUnresolved)
	case hit(f.InFlight):
		return 0, fmt.Errorf("%w: in flight", events.ErrConflict)
	case hit(f.Unavailable):
		return 0, fmt.Errorf("%w: injected", events.ErrUnavailable)
	case hit(f.Full):
		return 0, events.ErrFull
	}
	return l.store(r)
}

// arriveLate lets some of the late requests arrive before a call.
func (l *Log) arriveLate() {
	if len(l.late) > 0 && l.faults.random != nil {
		l.arrive(l.faults.random.IntN(len(l.late) + 1))
	}
}

func (l *Log) arrive(n int) {
	for _, r := range l.late[:n] {
		l.store(r)
	}
	l.late = l.late[n:]
}

func (l *Log) readFault(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	f := &l.faults
	if f.cut || f.ReadFails > 0 && f.random.Float64() < f.ReadFails {
		return events.ErrUnavailable
	}
	return nil
}

// delay waits before a call takes effect, outside the lock.
func (l *Log) delay(ctx context.Context) {
	l.mu.Lock()
	var d time.Duration
	if l.faults.Delay > 0 {
		d = time.Duration(l.faults.random.Int64N(int64(l.faults.Delay)))
	}
	l.mu.Unlock()
	if d > 0 {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
}

var (
	// errBeyond: the log was rewound while it was read.
	errBeyond = errors.New("beyond the end")
	// errForgotten: the record is older than any that the log keeps.
	errForgotten = errors.New("before the beginning")
)

// at reads one record for Read and Follow.
func (l *Log) at(ctx context.Context, seq events.Seq) (events.Stored, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.faults.cut {
		return events.Stored{}, events.ErrUnavailable
	}
	if err := ctx.Err(); err != nil {
		return events.Stored{}, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	if int(seq) > len(l.entries) {
		return events.Stored{}, errBeyond
	}
	if l.forget(); int(seq) <= l.gone {
		return events.Stored{}, errForgotten
	}
	return l.get(seq)
}
