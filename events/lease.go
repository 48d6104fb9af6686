package events

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Errors of leases.
var (
	// ErrHeld: another instance holds the name; see HeldError.
	ErrHeld = errors.New("the name is held by another instance")
	// ErrLeaseLost: the lease ended, or may have ended, before it was renewed.
	ErrLeaseLost = errors.New("the lease is lost")
	// ErrLeaseRefused: nobody could hold such a lease, however often it is asked for.
	ErrLeaseRefused = errors.New("no such lease can be held")
)

// A LeaseState is a lease as others see it.
type LeaseState struct {
	Incarnation
	Instance string        // tells processes of the same name apart
	Info     []byte        // opaque; at most 4 KiB
	Started  time.Time     // when it was acquired, by the holder's clock
	Renewed  time.Time     // when it was stored last, by the server's clock
	TTL      time.Duration // after which the server ends it unless it is renewed
	Revision uint64        // grows with each renewal
	Probe    string        // where its holder can be asked whether it is there; opaque; "" if it can't
}

// Until is when its holder gives up, by the server's clock, if it does not renew the
// lease: a tenth of the time before the lease ends, for clocks that run at different
// speeds, and for the holder to end its streams.
func (s LeaseState) Until() time.Time { return s.Renewed.Add(s.TTL - s.TTL/10) }

// A LeaseChange is the beginning, a renewal or the end of an incarnation's lease,
// or the mark that all those that ran when a watch began have been named.
type LeaseChange struct {
	State   LeaseState
	Alive   bool
	Renewed bool // it is alive, and was before
	Current bool // the mark; State is zero
}

// A HeldError names the holder of a name.
type HeldError struct{ Holder LeaseState }

// Error says who holds the name, and until when.
func (e *HeldError) Error() string {
	return fmt.Sprintf("%s: %s since %s, at least until %s if it is not renewed", ErrHeld, e.Holder.Incarnation,
		e.Holder.Started.Format(time.DateTime), e.Holder.Renewed.Add(e.Holder.TTL).Format(time.TimeOnly))
}

// Is makes it an ErrHeld.
func (e *HeldError) Is(target error) bool { return target == ErrHeld }

// Leased reports whether the incarnation is among those that hold a lease.
func Leased(alive []LeaseState, i Incarnation) bool {
	return slices.ContainsFunc(alive, func(s LeaseState) bool { return s.Incarnation == i })
}
