package bus

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/events/measure"
)

// The figures that a Bus counts of its own work, and those that it can be asked of the server's. Nothing
// here takes a lock that work takes.

// An Outcome is how an attempt to append ended.
type Outcome uint8

// The outcomes.
const (
	Stored      Outcome = iota
	Conflict            // somebody else's record came first, or may have
	Unresolved          // nobody knows yet
	Refused             // the log is full, or the record is too large
	Unavailable         // the log was not reached
	outcomes
)

// String is the outcome as a label has it.
func (o Outcome) String() string {
	return [...]string{"stored", "conflict", "unknown", "refused", "unavailable"}[o]
}

func outcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return Stored
	case errors.Is(err, events.ErrConflict):
		return Conflict
	case errors.Is(err, events.ErrUnresolved):
		return Unresolved
	case errors.Is(err, events.ErrFull), errors.Is(err, events.ErrTooLarge):
		return Refused
	}
	return Unavailable
}

// appends are the times of Log.Append, by outcome.
type appends [outcomes]*measure.Histogram

func newAppends() (a appends) {
	for i := range a {
		a[i] = measure.NewHistogram(time.Millisecond/4, time.Millisecond/2, time.Millisecond, 2*time.Millisecond, 5*time.Millisecond,
			10*time.Millisecond, 25*time.Millisecond, 100*time.Millisecond, 500*time.Millisecond, 2*time.Second, 10*time.Second)
	}
	return a
}

func (a *appends) count(took time.Duration, err error) { a[outcomeOf(err)].Observe(took) }

// Appends returns the times of all attempts to append that this process has made
// and that ended in a way.
func (l *Log) Appends(o Outcome) measure.Reading { return l.b.appends[o].Read() }

// Outcomes lists all of them.
func Outcomes() []Outcome { return []Outcome{Stored, Conflict, Unresolved, Refused, Unavailable} }

// renewals are what became of leases of this process.
type renewals struct {
	times        *measure.Histogram // of those that succeeded
	failed, lost *atomic.Uint64
}

func newRenewals() renewals {
	return renewals{failed: new(atomic.Uint64), lost: new(atomic.Uint64), times: measure.NewHistogram(
		time.Millisecond, 5*time.Millisecond, 25*time.Millisecond, 100*time.Millisecond,
		500*time.Millisecond, 2*time.Second, 10*time.Second, 30*time.Second)}
}

func (r *renewals) count(took time.Duration, err error) {
	if err != nil {
		r.failed.Add(1)
		return
	}
	r.times.Observe(took)
}

// Renewals returns how long the renewals of this process's leases took that
// succeeded, how many attempts failed, and how many leases were lost.
func (l *Leases) Renewals() (times measure.Reading, failed, lost uint64) {
	r := l.b.renewals
	return r.times.Read(), r.failed.Load(), r.lost.Load()
}

// Syncs returns how long the syncs took that this process waited for, those that failed
// included, and how many failed. There are none unless the embedded server is to sync
// always; one serves all that wait for it.
func (b *Bus) Syncs() (times measure.Reading, failed uint64) {
	return b.syncs.times.Read(), b.syncs.failed.Load()
}

// Refused is how many messages this process was refused because as many wait for
// the account, or in all, as may.
func (w *Waiting) Refused() uint64 { return w.b.refused.Load() }

// Connection reports whether there is a connection to NATS, and how often it was
// made again.
func (b *Bus) Connection() (connected bool, reconnects uint64) {
	up, _ := b.link()
	return up, b.nc.Stats().Reconnects
}

// RoundTrip measures the way to the NATS server and back, until ctx ends, which must
// have a deadline.
func (b *Bus) RoundTrip(ctx context.Context) (time.Duration, error) {
	if up, _ := b.link(); !up {
		return 0, fmt.Errorf("%w: not connected", events.ErrUnavailable)
	}
	begin := time.Now()
	if err := b.nc.FlushWithContext(ctx); err != nil {
		return 0, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	return time.Since(begin), nil
}

// The streams that keep the log, the messages that wait and the published form, as StreamStates
// names them.
const (
	LogStream     = logStream
	WaitingStream = waitingStream
	PublicStream  = publicStream
)

// A StreamState says how much a stream has.
type StreamState struct {
	Name        string
	First, Last uint64 // sequences
	Records     uint64
	Bytes       uint64
	MaxBytes    uint64    // 0: no limit of its own
	FirstAt     time.Time // zero if it has no messages
}

// StreamStates asks the server how much each stream has. That of the published form is
// among them if there is one.
func (b *Bus) StreamStates(ctx context.Context) (all []StreamState, err error) {
	for _, cfg := range append(b.streamConfigs(), publicConfig()) {
		i, err := b.info(ctx, cfg.Name)
		if cfg.Name == publicStream && apiCode(err) == codeNoStream {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("state of stream %s: %w", cfg.Name, err)
		}
		s := StreamState{
			Name: cfg.Name, First: i.State.First, Last: i.State.Last, Records: i.State.Messages,
			Bytes: i.State.Bytes, MaxBytes: uint64(max(i.Config.MaxBytes, 0)),
		}
		if i.State.Messages > 0 {
			s.FirstAt = i.State.FirstTime
		}
		all = append(all, s)
	}
	return all, nil
}

// StoredAt is when the log stored the first record at or after a sequence, or
// events.ErrNotFound.
func (l *Log) StoredAt(ctx context.Context, seq events.Seq) (time.Time, error) {
	m, err := l.b.next(ctx, logStream, ">", uint64(seq))
	if err != nil {
		return time.Time{}, fmt.Errorf("time of record %d: %w", seq, err)
	}
	return m.Time, nil
}
